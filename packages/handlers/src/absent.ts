/** Stands for packages that need native code or sockets, where there is neither: see `imports` in package.json. */
export {};
