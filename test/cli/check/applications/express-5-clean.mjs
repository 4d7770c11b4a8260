import express from 'express';
import { clean } from './express.mjs';

export default clean(express, { anything: '*name', optionalFormat: '{/:format}' });
