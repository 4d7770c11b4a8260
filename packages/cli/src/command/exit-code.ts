/** How a command ends: the status of its process. */
export const ExitCode = {
  Ok: 0,
  /** The command ran and found what it looks for: faults, differences, a denied request. */
  Findings: 1,
  /** The command could not run: wrong usage, or an input that cannot be read. */
  Unusable: 2,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
