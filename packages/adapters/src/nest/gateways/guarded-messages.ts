import type { Type } from '@nestjs/common';
import { option } from '@sallyport/core/extend';
import { askingMethods } from '../decorators/demands.js';
import { isGuarded } from '../decorators/standing-guards.js';

/** What Nest calls at a gateway without asking any guard. */
const HOOKS: readonly (string | symbol)[] = ['afterInit', 'handleConnection', 'handleDisconnect'];

/**
 * Nest 11 asks no global guard about messages, so that what their methods ask for needs a guard at the gateway.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 */
export function checkMessages(type: Type, isOurs: (guard: unknown) => boolean): void {
  const prototype: Readonly<Record<string | symbol, object>> = type.prototype;
  const asking = askingMethods(type);
  const hook = asking.find((key) => HOOKS.includes(key));
  if (hook !== undefined)
    throw option.invalid(
      `${type.name}.${String(hook)}()`,
      'asks for something, and no guard is asked about it: put that at the messages of its gateway',
    );
  const open = asking.find((key) => !isGuarded(type, prototype[key], isOurs));
  if (open !== undefined)
    throw option.invalid(
      `${type.name}.${String(open)}()`,
      'asks for something: put @UseGuards(SallyportGuard) at its gateway',
    );
}
