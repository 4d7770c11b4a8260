import { nestRules } from './nest-rules.js';

nestRules(12);
