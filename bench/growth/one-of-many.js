// A server as bench/adapters has it, in a process of a cluster. Such a process hears messages before its program has been
// loaded, and loses them: so it says when it listens.
import '../adapters/server.js';

process.send('ready');
