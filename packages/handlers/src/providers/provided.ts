import type { IntrospectionHandlerOptions } from '../introspection/introspection-options.js';

/** Options of an `IntrospectionHandler`, as far as a provider says them. Realm and client authentication are your own. */
export type ProvidedIntrospection = Omit<IntrospectionHandlerOptions, 'realm' | 'clientAuthentication'>;
