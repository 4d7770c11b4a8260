import { Router } from 'express';
import type { Request } from 'express-jwt';
import { auth } from './auth.js';
import { type Article, addArticle, allArticles, findArticle, findUser, removeArticle } from './store.js';

export const articles = Router();

const view = (article: Article, reader?: number) => ({
  slug: article.slug,
  title: article.title,
  author: findUser(article.authorId)?.username,
  favorited: reader !== undefined && article.favoritedBy.has(reader),
});

articles.get('/articles', auth.optional, (request: Request, response) => {
  response.json({ articles: allArticles().map((article) => view(article, request.auth?.['user']?.id)) });
});

articles.get('/articles/feed', auth.required, (request: Request, response) => {
  const own = allArticles().filter(({ authorId }) => authorId !== request.auth?.['user']?.id);
  response.json({ articles: own.map((article) => view(article, request.auth?.['user']?.id)) });
});

articles.get('/articles/:slug', auth.optional, (request: Request, response) => {
  const article = findArticle(request.params['slug']);
  if (article === undefined) return void response.status(404).json({});
  response.json({ article: view(article, request.auth?.['user']?.id) });
});

articles.post('/articles', auth.required, (request: Request, response) => {
  const article = addArticle(request.body.article.title, request.auth?.['user']?.id);
  response.status(201).json({ article: view(article, request.auth?.['user']?.id) });
});

articles.post('/articles/:slug/favorite', auth.required, (request: Request, response) => {
  const article = findArticle(request.params['slug']);
  if (article === undefined) return void response.status(404).json({});
  article.favoritedBy.add(request.auth?.['user']?.id);
  response.json({ article: view(article, request.auth?.['user']?.id) });
});

articles.delete('/articles/:slug', auth.required, (request: Request, response) => {
  const article = findArticle(request.params['slug']);
  if (article === undefined) return void response.status(404).json({});
  if (article.authorId !== request.auth?.['user']?.id) {
    return void response.status(403).json({ message: 'You are not the author' });
  }
  removeArticle(article.slug);
  response.status(204).end();
});
