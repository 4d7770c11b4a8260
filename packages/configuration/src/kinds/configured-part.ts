import { option } from '@sallyport/core/extend';

export const CONFIGURED_PART = option.table('ConfiguredPart', {
  /** The kind: one of the table of kinds. */
  type: option.text,
  /** The options of this instance. */
  options: option.withDefault(option.plainObject, {}),
});

/** A handler, guard or store of a configuration: its kind and the options of this instance. */
export interface ConfiguredPart extends option.Kept<typeof CONFIGURED_PART> {}

export const configuredPart: option.Table<ConfiguredPart, option.Given<typeof CONFIGURED_PART>> = CONFIGURED_PART;
