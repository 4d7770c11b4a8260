export interface User {
  readonly id: number;
  readonly email: string;
  readonly username: string;
  readonly password: string;
}

export interface Article {
  readonly slug: string;
  readonly title: string;
  readonly authorId: number;
  readonly favoritedBy: Set<number>;
}

const users: readonly User[] = [
  { id: 1, email: 'jake@example.com', username: 'jake', password: 'jakejake' },
  { id: 2, email: 'anne@example.com', username: 'anne', password: 'anneanne' },
];
const articles = new Map<string, Article>();

export const findUser = (id: number | undefined) => users.find((user) => user.id === id);
export const findUserByEmail = (email: string) => users.find((user) => user.email === email);
export const allArticles = () => [...articles.values()];
export const findArticle = (slug: unknown) => articles.get(String(slug));
export const removeArticle = (slug: string) => articles.delete(slug);

export function addArticle(title: string, authorId: number): Article {
  const slug = title.toLowerCase().replaceAll(' ', '-');
  const article = { slug, title, authorId, favoritedBy: new Set<number>() };
  articles.set(slug, article);
  return article;
}

addArticle('How to train your dragon', 1);
