import { nestServices } from './nest-services.js';

nestServices(12);
