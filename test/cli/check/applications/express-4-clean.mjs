import express from 'express4';
import { clean } from './express.mjs';

export default clean(express, { anything: '*', optionalFormat: '/:format?' });
