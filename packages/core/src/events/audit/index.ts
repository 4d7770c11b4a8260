export {
  type AuditEntry,
  type AuditLevel,
  type AuditLogger,
  type AuditOptions,
  auditDecisions,
} from './decision-audit.js';
