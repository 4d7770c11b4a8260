import { option } from '@sallyport/core/extend';

/** A handler, guard or store of a configuration: its kind and the options of this instance. */
export interface ConfiguredPart {
  readonly type: string;
  readonly options: object;
}

export const configuredPart: option.Check<ConfiguredPart> = (value, name) =>
  option.check(name, option.plainObject(value, name), {
    type: option.text,
    options: option.withDefault(option.plainObject, {}),
  });
