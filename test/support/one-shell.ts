import { spawn, spawnSync } from 'node:child_process';

const SEPARATOR = '=====next=====';

/** Why tests that need curl are skipped, for their titles; empty where it is there. */
export const WITHOUT_CURL: string = spawnSync('curl', ['--version']).status === 0 ? '' : ' (skipped: there is no curl)';

/** What each command printed, all run in one bash session that ends with the first that fails. */
export async function inOneShell(commands: readonly string[]): Promise<readonly string[]> {
  const shell = spawn('bash', ['-eu'], { stdio: ['pipe', 'pipe', 'inherit'] });
  shell.stdin.end(commands.map((command) => `${command}\necho ${SEPARATOR}`).join('\n'));
  let output = '';
  for await (const chunk of shell.stdout) output += chunk;
  return output.split(`${SEPARATOR}\n`).slice(0, -1);
}
