import serverlessExpress from '@codegenie/serverless-express-5';
import { proveHost } from './lambda.js';

proveHost('@codegenie/serverless-express 5', (app) => serverlessExpress({ app }));
