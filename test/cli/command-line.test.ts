import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { COMMANDS } from '../../packages/cli/src/main/commands.js';
import { ordersDocument } from './orders-document.js';
import { CommandFolder } from './run-command.js';

let folder: CommandFolder;

beforeAll(() => {
  folder = new CommandFolder();
  folder.write('orders.json', ordersDocument());
});
afterAll(() => folder.remove());

describe('help', () => {
  test.each([[[]], [['--help']], [['-h']], [['help']]])('of the tool lists every command: %j', async (args) => {
    const { code, stdout, stderr } = await folder.run(args);
    expect([code, stderr]).toEqual([0, '']);
    for (const { name, summary } of COMMANDS) {
      expect(stdout).toContain(`  ${name} `);
      expect(stdout.replace(/\s+/g, ' ')).toContain(summary);
    }
  });

  test.each(COMMANDS.map((command) => [command.name, command] as const))(
    'of %s names its operands, each of its options, and an example that its own options allow',
    async (name, { flags, operands, examples }) => {
      const words = name.split(' ');
      const [ofCommand, byWord] = await Promise.all([folder.run([...words, '--help']), folder.run(['help', ...words])]);
      expect(byWord).toEqual(ofCommand);
      expect(ofCommand).toMatchObject({ code: 0, stderr: '' });
      expect(ofCommand.stdout).toContain(`Usage: sallyport ${[name, ...operands].join(' ')}`);
      for (const [flag, { doc }] of Object.entries(flags)) {
        expect(ofCommand.stdout).toContain(`  --${flag}`);
        expect(ofCommand.stdout.replace(/\s+/g, ' ')).toContain(doc);
      }
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        expect(example).toContain(`sallyport ${name}`);
        const used = Array.from(example.matchAll(/ --([\w-]+)/g), ([, flag = '']) => flag);
        expect(used.filter((flag) => !Object.hasOwn(flags, flag))).toEqual([]);
      }
    },
  );

  test('has no line that a terminal of 120 columns would wrap', async () => {
    const helps = await Promise.all(
      [[], ...COMMANDS.map(({ name }) => ['help', ...name.split(' ')])].map((args) => folder.run(args)),
    );
    const lines = helps.flatMap(({ stdout }) => stdout.split('\n'));
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });

  test('--version is that of the package', async () => {
    const { version } = require('../../packages/cli/package.json');
    expect(await folder.run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('a command line that is wrong', () => {
  const rows: readonly (readonly [args: readonly string[], told: string])[] = [
    [['matrx'], 'there is no command "matrx"; did you mean matrix?; sallyport --help lists all'],
    [['help', 'nothing'], 'there is no command "nothing"; sallyport --help lists all'],
    [['matrix'], 'usage: sallyport matrix DOCUMENT; sallyport matrix --help tells more'],
    [['matrix', 'a', 'b'], 'usage: sallyport matrix DOCUMENT; sallyport matrix --help tells more'],
    [
      ['matrix', 'a', '--formt'],
      'there is no option --formt; did you mean --format?; sallyport matrix --help tells more',
    ],
    [['matrix', 'a', '--format'], 'the option --format needs a value; sallyport matrix --help tells more'],
    [['matrix', 'a', '--help=yes'], 'the option --help takes no value; sallyport matrix --help tells more'],
    [['matrix', 'a', '--format', 'xml'], 'the option --format must be one of markdown, json, csv'],
    [['matrix', 'nothing.yaml'], 'nothing.yaml cannot be read: ENOENT'],
    [['matrix', '.'], '. cannot be read: EISDIR'],
  ];

  test.each(rows)('ends with 2 and one line: %j', async (args, told) => {
    expect(await folder.run(args)).toEqual({ code: 2, stdout: '', stderr: `sallyport: ${told}\n` });
  });

  test('is not quoted where a secret may stand (CWE-532)', async () => {
    const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLTEyMzQ1Njc4OTA';
    for (const args of [[token], ['help', token], ['matrix', `--${token}`], ['matrix', 'a', '--format', token]]) {
      const { code, stdout, stderr } = await folder.run(args);
      expect([code, stdout]).toEqual([2, '']);
      for (const part of token.split('.')) expect(stderr).not.toContain(part);
    }
  });

  test('is one line that cannot move the cursor, whatever the names of files say (CWE-150)', async () => {
    const { stderr } = await folder.run(['matrix', 'a\u001b[2J\nsallyport: all is well']);
    expect(stderr).toBe('sallyport: a?[2J?sallyport: all is well cannot be read: ENOENT\n');
  });
});

describe('colours', () => {
  const hasColours = async (isTerminal: boolean, environment: Readonly<Record<string, string>> = {}) => {
    const { stdout } = await folder.run(['matrix', 'orders.json'], { isTerminal, environment });
    return stdout.includes('\u001b[');
  };

  test('are there on a terminal only, unless the environment says otherwise', async () => {
    expect(await hasColours(true)).toBe(true);
    expect(await hasColours(false)).toBe(false);
    expect(await hasColours(true, { NO_COLOR: '1' })).toBe(false);
    expect(await hasColours(true, { NO_COLOR: '' })).toBe(true);
    expect(await hasColours(true, { TERM: 'dumb' })).toBe(false);
    expect(await hasColours(false, { FORCE_COLOR: '1' })).toBe(true);
    expect(await hasColours(true, { FORCE_COLOR: '0' })).toBe(false);
    expect(await hasColours(false, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(true);
  });
});

describe('progress', () => {
  test('is told on stderr where something takes longer than a second, and gone from a terminal afterwards', async () => {
    const quick = await folder.run(['matrix', 'orders.json']);
    const slow = await folder.run(['matrix', 'orders.json'], { isSlow: true });
    expect(quick.stderr).toBe('');
    expect(slow).toEqual({ ...quick, stderr: 'compiling orders.json ...\n' });
    const { stderr } = await folder.run(['matrix', 'orders.json'], { isSlow: true, isTerminal: true });
    expect(stderr).toBe('compiling orders.json ...\r\u001b[K');
  });
});
