import { createParamDecorator } from '@nestjs/common';
import { anonymous, type GuardLike, requireRoles, requireScopes } from '@sallyport/core';
import { option } from '@sallyport/core/extend';
import { checkedDemands } from '../../gate/route-demands.js';
import { principalOf } from '../../node/principal.js';
import { type DemandDecorator, guardsDecorator, type RequirementSource, requirementDecorator } from './demands.js';
import { carrierOf } from './execution.js';

/**
 * Says who may come, in place of the requirement of the chain: at a class, or at a method, where it holds in place of that
 * of the class. A function gets the handlers that Nest's container has. Guards may follow.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 * @example
 * @Secured((handler) => anyOf(handler('jwt'), handler('api-key')))
 * class Orders {}
 */
export function Secured(requirement: RequirementSource, ...guards: readonly GuardLike[]): DemandDecorator {
  checkedDemands(guards);
  if (typeof requirement !== 'function') checkedDemands([requirement]);
  else if (requirement.prototype !== undefined && 'extract' in requirement.prototype)
    throw option.invalid('@Secured()', 'takes no class of a handler, but (handler) => handler(ThatClass)');
  return requirementDecorator('@Secured()', { source: requirement, guards, isPublic: false });
}

/**
 * Lets everybody in, without a look at any credential: at a class, or at a method of it. The scopes and roles of its class do
 * not reach a public method; its other guards do. What the chain requires of an operation stays required.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 * @example
 * class Orders {
 *   @Public()
 *   @Get('prices')
 *   prices() {}
 * }
 */
export function Public(): DemandDecorator {
  return requirementDecorator('@Public()', { source: anonymous(), guards: [], isPublic: true });
}

/**
 * Requires all of these scopes. Those of a class and of its method add up.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 * @example
 * @RequireScopes('orders:read', 'orders:write')
 * class Orders {}
 */
export function RequireScopes(...scopes: readonly string[]): DemandDecorator {
  return guardsDecorator('@RequireScopes()', [requireScopes(scopes)], true);
}

/**
 * Requires all of these roles. Those of a class and of its method add up.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 * @example
 * @RequireRoles('admin')
 * class Orders {}
 */
export function RequireRoles(...roles: readonly string[]): DemandDecorator {
  return guardsDecorator('@RequireRoles()', [requireRoles(roles)], true);
}

/**
 * Adds guards: limits, policies, functions. Those of a class and of its method add up, at public methods, too.
 * @throws {ConfigurationError} ERR_SALLYPORT_OPTION_INVALID
 * @example
 * @Guarded(requireRoles(['manager', 'support'], { match: 'any' }))
 * class Orders {}
 */
export function Guarded(...guards: readonly [GuardLike, ...GuardLike[]]): DemandDecorator {
  checkedDemands(guards);
  return guardsDecorator('@Guarded()', guards, false);
}

/**
 * The parameter that gets the principal; it is the anonymous one for anonymous callers.
 * @example
 * class Orders {
 *   @Get()
 *   list(@CurrentPrincipal() principal: Principal) {
 *     return principal.subject;
 *   }
 * }
 */
export function CurrentPrincipal(): ParameterDecorator {
  return principalParameter();
}

const principalParameter = createParamDecorator((_data: undefined, context) =>
  principalOf(carrierOf(context) ?? context),
);
