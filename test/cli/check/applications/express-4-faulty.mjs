import express from 'express4';
import { faulty } from './express.mjs';

export default faulty(express, { anything: '*', optionalFormat: '/:format?' });
