import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithEngine, makeTestImage, temporaryFolder } from '@bot-bottle/test-kit';
import { Operator } from './operator.js';

/** Does what it is told, a line at a time, as root of its container. */
const OBEY = 'stty -echo; while read -r line; do eval "$line"; done';
/** Deeper than any path may be long (PATH_MAX, 4096 octets). */
const DEEP =
  'cd ~/.talk; i=0; while [ $i -lt 500 ]; do mkdir deep-level && cd deep-level; i=$((i+1)); done; echo down >down; cd /';

describeWithEngine('an agent that plants all it can in its conversation', () => {
  beforeAll(() => makeTestImage());

  it('has what it said snapshotted, and nothing of what it leads to', async () => {
    const operator = new Operator();
    const outside = temporaryFolder();
    writeFileSync(join(outside, 'secret'), 'key of the operator');
    const id = await operator.startAs('talker', '-c', OBEY);
    const home = join(operator.folder(id), 'agent/home');
    const transcript = join(operator.folder(id), 'transcript');
    await operator.run(['preserve', id]);
    const plant = [
      'mkdir -p ~/.talk/sub; echo said >~/.talk/sub/said; ln ~/.talk/sub/said ~/.talk/hard',
      `ln -s ${outside}/secret ~/.talk/link; ln -s ${outside} ~/.talk/folder; ln -s .. ~/.talk/up; ln -s /proc/1/root ~/.talk/root`,
      'mkfifo ~/.talk/fifo; mknod ~/.talk/whiteout c 0 0; mkdir ~/.talk/shut; echo in >~/.talk/shut/in; chmod 000 ~/.talk/shut',
      'echo program >~/.talk/program; chmod 6755 ~/.talk/program',
      'for try in "mknod ~/.talk/disk b 8 0" "chown 1234 ~/.talk/hard" "mount -t tmpfs none ~/.talk/sub"; do eval "$try" 2>/dev/null || echo "no: $try"; done',
      DEEP,
      // It writes on until it is killed.
      `(trap '' HUP TERM; while :; do echo more; done >~/.talk/growing) & until [ -s ~/.talk/growing ]; do :; done; exit 0`,
    ];
    const ended = await operator.run(['attach', id], `${plant.join('\n')}\n`);
    expect(ended.code).toBe(0);
    for (const refused of ['mknod', 'chown', 'mount']) expect(ended.stdout).toContain(`no: ${refused}`);
    for (const name of ['link', 'folder', 'up', 'root', 'fifo', 'whiteout'])
      expect(ended.stderr).toContain(`not in the transcript's snapshot: ${home}/.talk/${name} (`);

    const find = (...test: string[]) => execFileSync('find', [transcript, ...test], { encoding: 'utf8' });
    expect(find('!', '-type', 'f', '!', '-type', 'd')).toBe('');
    expect(find('-perm', '/6000')).toBe('');
    expect(readdirSync(join(transcript, '.talk')).sort()).toEqual(
      ['deep-level', 'growing', 'hard', 'program', 'shut', 'sub'].sort(),
    );
    expect(readFileSync(join(transcript, '.talk/sub/said'), 'utf8')).toBe('said\n');
    expect(find('-name', 'down').length).toBeGreaterThan(4096);
    const grep = spawnSync('grep', ['-rl', '--exclude=growing', 'key of the operator', transcript]);
    expect({ status: grep.status, found: `${grep.stdout}` }).toEqual({ status: 1, found: '' });
    // The snapshot was taken of what nobody writes to any more.
    const sizes = [transcript, home].map(folder => statSync(join(folder, '.talk/growing')).size);
    expect(sizes[0]).toBe(sizes[1]);

    // A file without an end costs the snapshot nothing that it had.
    await operator.run(['resume', id, '--detach', '--preserve']);
    const { stderr } = await operator.run(
      ['attach', id],
      'truncate -s 1024G ~/.talk/huge; echo later >~/.talk/sub/said; exit 0\n',
    );
    expect(stderr).toContain(`${home}/.talk (too large)`);
    expect(existsSync(join(transcript, '.talk/huge'))).toBe(false);
    expect(readFileSync(join(transcript, '.talk/sub/said'), 'utf8')).toBe('said\n');

    expect(await operator.run(['rm', '--force', id])).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(join(operator.root, 'state'))).toEqual([]);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('key of the operator');
  });

  it('cannot make what it was not given: no record, no marker, no override', async () => {
    const operator = new Operator();
    const id = await operator.startAs('talker', '-c', OBEY);
    const before = readdirSync(operator.folder(id)).sort();
    const tries = [
      'for name in .preserve Dockerfile metadata.json lease; do for up in ~/.. ~/../.. /workspace/..; do touch $up/$name 2>/dev/null; done; done',
      'ls -a ~/.. /workspace/.. | tr "\\n" " "; exit 0',
    ];
    const { stdout } = await operator.run(['attach', id], `${tries.join('\n')}\n`);
    expect(stdout).not.toMatch(/session\.json|metadata\.json|lease/);
    expect(before).toEqual(expect.arrayContaining(['metadata.json', 'session.json']));
    // Nobody kept it, and the agent could not.
    expect(readdirSync(join(operator.root, 'state'))).toEqual([]);
  });
});
