import { type Answer, call, callOften, tokenOf } from './callers.js';
import { GatewayCluster } from './gateway-cluster.js';

// Shows what four processes do together, in plain lines. The exit code is 1 where something is not as it should be.
const TIMES = Number(process.argv[2] ?? 80);
/** A revocation reaches every process within a second. */
const SPREAD_MS = Number(process.argv[3] ?? 1_000);

/** What security.yaml grants each caller in a minute. */
const LIMIT = 400;

let failures = 0;

function tell(isAsItShouldBe: boolean, words: string): void {
  console.log(`${isAsItShouldBe ? 'ok  ' : 'FAIL'} ${words}`);
  if (!isAsItShouldBe) failures += 1;
}

/** Tells how many of the answers had the status, and by how many processes. All of both is as it should be. */
function tellAll(words: string, answers: readonly Answer[], status: number): void {
  const alike = answers.filter((each) => each.status === status);
  const processes = new Set(alike.map((each) => each.process)).size;
  const outcome = status === 200 ? 'granted' : 'refused';
  const isAll = alike.length === TIMES && processes === 4;
  tell(isAll, `${words}: ${alike.length} of ${TIMES} ${outcome}, by ${processes} processes`);
}

/** Ends a session, and tells how soon all processes refuse the token. */
async function tellEnd(name: string, token: string): Promise<void> {
  const { status } = await call(origin, 'DELETE', '/session', token);
  const endedMs = performance.now();
  const refusing = new Set<string>();
  while (refusing.size < 4 && performance.now() - endedMs < SPREAD_MS) {
    const answer = await call(origin, 'GET', '/orders', token);
    if (answer.status === 401) refusing.add(answer.process);
  }
  const seconds = Math.ceil((performance.now() - endedMs) / 100) / 10;
  const isInTime = status === 204 && refusing.size === 4;
  tell(isInTime, `${name} ends the session at one process: ${refusing.size} refuse after ${seconds} s`);
}

/** Asks more often than is granted in a minute. */
async function tellLimit(name: string, token: string, least: number): Promise<void> {
  const answers = await ask(token, LIMIT + 80);
  const granted = answers.filter(({ status }) => status === 200).length;
  const limited = answers.filter(({ status }) => status === 429).length;
  const isKept = granted >= least && granted <= LIMIT && granted + limited === answers.length;
  tell(isKept, `${name} asks ${answers.length} times in a minute: ${granted} granted, ${limited} limited`);
}

const slowest = (answers: readonly Answer[]) => Math.ceil(Math.max(...answers.map(({ tookMs }) => tookMs)));

const gateway = await GatewayCluster.start(0).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
const { origin, authorizationServer, redis } = gateway;
const ask = (token: string, times = TIMES) => callOften(origin, token, times);
const [alice, bob, carol, dave, erin, frank] = (await Promise.all(
  ['alice', 'bob', 'carol', 'dave', 'erin', 'frank'].map((subject) => tokenOf(authorizationServer, subject)),
)) as [string, string, string, string, string, string];

try {
  console.log('One port, four processes');
  await ask(alice, 1);
  tellAll('alice', await ask(alice), 200);
  const calls = authorizationServer.calls('introspection');
  tell(calls < 4, `the authorization server was asked by ${calls}: the others read its answer in Redis`);

  console.log('Revocation');
  await ask(bob);
  await tellEnd('alice', alice);
  tellAll('alice, from then on', await ask(alice), 401);
  tellAll('bob', await ask(bob), 200);

  console.log('Limits');
  await tellLimit('erin', erin, 0.99 * LIMIT);

  if (redis !== undefined) {
    console.log('Redis stops');
    await redis.kill();
    const [known, stranger, revoked] = [await ask(bob), await ask(carol), await ask(alice)];
    tellAll('bob, whom they know', known, 200);
    tellAll('carol, about whom each asks the authorization server', stranger, 200);
    tellAll('alice, whose session has ended', revoked, 401);
    await tellLimit('frank, to whom each process grants a quarter,', frank, 0.9 * LIMIT);
    tell(
      slowest([...known, ...stranger, ...revoked]) < 2 * SPREAD_MS,
      `nobody waited for ${(2 * SPREAD_MS) / 1_000} seconds`,
    );

    console.log('Redis starts again');
    await redis.start();
    await ask(dave);
    await tellEnd('dave', dave);
    tellAll('dave, from then on', await ask(dave), 401);
    tellAll('alice', await ask(alice), 401);
    tellAll('bob', await ask(bob), 200);
  }
  console.log(failures === 0 ? 'All is as it should be' : `${failures} things are not as they should be`);
} finally {
  await gateway.close();
}
process.exit(failures === 0 ? 0 : 1);
