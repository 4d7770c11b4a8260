// The one door to the container: tsyringe throws at import when the polyfill is not there yet.
import 'reflect-metadata';

export {
  type ClassProvider,
  container,
  type DependencyContainer,
  delay,
  type InjectionToken,
  inject,
  injectAll,
  injectable,
  Lifecycle,
  scoped,
  singleton,
} from 'tsyringe';
