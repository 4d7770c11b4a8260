import serverlessExpress from '@codegenie/serverless-express';
import serverless from 'serverless-http';
import { proveHost } from './lambda.js';

proveHost('serverless-http 3', (app) => serverless(app), true);
proveHost('@codegenie/serverless-express 4', (app) => serverlessExpress({ app }));
