import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandLine, CommandLineError, readCommandLine, USAGE } from './command-line.js';
import { BASE_PATH } from './definition.js';
import type { Gateway } from './gateway.js';

/** Every failure before the gateway is ready ends in one line and an exit code. */
async function main(): Promise<void> {
  const options = commandLine();
  // Loaded only now, so that a wrong flag is reported at once.
  const [{ startGateway }, { printedWalkthrough }] = await Promise.all([
    import('./gateway.js'),
    import('./walkthrough.js'),
  ]);
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-gateway-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const gateway = await startGateway({ ...options, folder }).catch(explainAndExit);
  closeOnSignal(gateway);
  const { certificate, machine } = gateway;
  for (const [file, pem] of Object.entries({ certificate, machine: machine.cert, 'machine-key': machine.key })) {
    writeFileSync(join(folder, `${file}.pem`), pem, { mode: 0o600 });
  }
  console.log(printedWalkthrough({ ...gateway, folder, pid: process.pid }));
  console.log(
    `Gateway is ready: https://localhost:${gateway.port}${BASE_PATH}, tokens at https://localhost:${gateway.tokenPort}/token`,
  );
  // Windows does not have this signal. There the walkthrough ends before the outage.
  if (process.platform !== 'win32') process.on('SIGUSR2', () => gateway.toggleOutage());
}

function commandLine(): CommandLine {
  try {
    const options = readCommandLine(process.argv.slice(2), process.env);
    if (options !== undefined) return options;
    console.log(USAGE);
    return process.exit(0);
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    console.error(`gateway: ${error.message}; --help tells the flags`);
    return process.exit(2);
  }
}

function explainAndExit(error: NodeJS.ErrnoException & { port?: number }): never {
  if (error.code === 'EADDRINUSE')
    console.error(`gateway: port ${error.port} is in use; choose another with --port or --token-port`);
  else if (error.code === 'EACCES') console.error(`gateway: port ${error.port} may not be used by this user`);
  else console.error(`gateway: could not start: ${error.message}`);
  process.exit(1);
}

function closeOnSignal(gateway: Gateway): void {
  let isClosing = false;
  const close = () => {
    if (isClosing) return;
    isClosing = true;
    gateway.close().catch(() => {
      process.exitCode = 1;
    });
  };
  process.once('SIGINT', close);
  process.once('SIGTERM', close);
}

await main();
