// The only file that imports tsyringe, which throws at import unless the polyfill is loaded before.
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
