// The servers' side: listens with the stacks that it is told to, and says what CPU it used between `start` and `stop`.
import { once } from 'node:events';
import { stacksOf } from './stacks.js';

let cpu;

process.on('message', async (message) => {
  if (message === 'start') {
    cpu = process.cpuUsage();
    process.send('started');
  } else if (message === 'stop') {
    const { user, system } = process.cpuUsage(cpu);
    process.send(user + system);
  } else {
    const { credential, framework, stack, settings } = message;
    const stacks = await stacksOf(credential, framework);
    const server = await stacks[stack](settings);
    // Rounds take turns: connections wait for theirs.
    server.keepAliveTimeout = 0;
    await once(server.listen(0, '127.0.0.1'), 'listening');
    process.send(server.address().port);
  }
});

process.on('disconnect', () => process.exit());
