export interface Book {
  readonly isbn: string;
  readonly title: string;
}

const readers = new Map([['carol@example.com', { email: 'carol@example.com', password: 'a good book' }]]);
const books = new Map<string, Book[]>();

export const findReader = (email: string) => readers.get(email);
export const shelfOf = (email: string): readonly Book[] => books.get(email) ?? [];

export function putOnShelf(email: string, book: Book): void {
  books.set(email, [...shelfOf(email), book]);
}
