import express from 'express';
import { faulty } from './express.mjs';

export default faulty(express, { anything: '*name', optionalFormat: '{/:format}' });
