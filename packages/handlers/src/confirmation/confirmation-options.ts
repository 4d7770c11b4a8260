import { option } from '@sallyport/core/extend';
import { CONFIRMATION_METHODS, type ConfirmationMethod } from './confirmation.js';

/** What a token has to be bound to: nothing, anything, or each of these. */
type Required = boolean | ConfirmationMethod | readonly ConfirmationMethod[];

const methods = option.someOf(...CONFIRMATION_METHODS);

const required = option.withSchema<boolean | readonly ConfirmationMethod[], Required>(
  { anyOf: [{ type: 'boolean' }, methods.schema as option.Schema] },
  (value, name) => (typeof value === 'boolean' ? value : methods(value, name)),
);

const CONFIRMATION = option.table('ConfirmationOptions', {
  /**
   * Refuses tokens that whoever steals them could use: `true` those that are bound to nothing, or names of members that `cnf`
   * has to have, such as `x5t#S256` (RFC 8705 3.1). What a token is bound to is checked in any case.
   */
  required: option.withDefault(required, false),
});

/** What tokens have to be bound to (`cnf`, RFC 7800 3.1). */
export interface ConfirmationOptions extends option.Given<typeof CONFIRMATION> {}

export interface ConfirmationSettings extends option.Kept<typeof CONFIRMATION> {}

export const confirmationOptions: option.Table<ConfirmationSettings, ConfirmationOptions> = CONFIRMATION;
