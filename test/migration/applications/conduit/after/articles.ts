import { Router } from 'express';
import { auth, readerOf } from './auth.js';
import { type Article, addArticle, allArticles, findArticle, findUser, removeArticle } from './store.js';

export const articles = Router();

const view = (article: Article, reader?: number) => ({
  slug: article.slug,
  title: article.title,
  author: findUser(article.authorId)?.username,
  favorited: reader !== undefined && article.favoritedBy.has(reader),
});

articles.get('/articles', auth.optional, (request, response) => {
  response.json({ articles: allArticles().map((article) => view(article, readerOf(request))) });
});

articles.get('/articles/feed', auth.required, (request, response) => {
  const own = allArticles().filter(({ authorId }) => authorId !== readerOf(request));
  response.json({ articles: own.map((article) => view(article, readerOf(request))) });
});

articles.get('/articles/:slug', auth.optional, (request, response) => {
  const article = findArticle(request.params['slug']);
  if (article === undefined) return void response.status(404).json({});
  response.json({ article: view(article, readerOf(request)) });
});

articles.post('/articles', auth.required, (request, response) => {
  const article = addArticle(request.body.article.title, readerOf(request));
  response.status(201).json({ article: view(article, readerOf(request)) });
});

articles.post('/articles/:slug/favorite', auth.required, (request, response) => {
  const article = findArticle(request.params['slug']);
  if (article === undefined) return void response.status(404).json({});
  article.favoritedBy.add(readerOf(request));
  response.json({ article: view(article, readerOf(request)) });
});

articles.delete('/articles/:slug', auth.required, (request, response) => {
  const article = findArticle(request.params['slug']);
  if (article === undefined) return void response.status(404).json({});
  if (article.authorId !== readerOf(request)) {
    return void response.status(403).json({ message: 'You are not the author' });
  }
  removeArticle(article.slug);
  response.status(204).end();
});
