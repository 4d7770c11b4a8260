// The one door to the container: tsyringe throws at import when the polyfill is not there yet.
import 'reflect-metadata';

export type { ClassProvider, DependencyContainer, InjectionToken } from 'tsyringe';
export { container, delay, inject, injectAll, injectable, Lifecycle, scoped, singleton } from 'tsyringe';
