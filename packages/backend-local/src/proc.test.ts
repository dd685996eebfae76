import { spawnSync } from 'node:child_process';
import { describeWith } from '@bot-bottle/test-kit';
import { operator, run } from '../test/bottle.js';

const { backend, spec } = operator();

/**
 * Prints every file of /proc that opens for writing and belongs to no process. Opens it and writes nothing: outside
 * of a sandbox that would change the machine.
 */
const WALK = `
use Fcntl;
my @folders = ("/proc");
while (defined(my $folder = pop @folders)) {
  opendir(my $entries, $folder) or next;
  for my $name (readdir $entries) {
    next if $name =~ /^\\.\\.?$/ || ($folder eq "/proc" && $name =~ /^(\\d+|self|thread-self)$/);
    my $path = "$folder/$name";
    next if -l $path;
    if (-d $path) { push @folders, $path; next }
    print "$path\\n" if sysopen(my $file, $path, O_WRONLY | O_NONBLOCK);
  }
}
print "walked\\n"`;

describeWith(['bwrap', 'perl'], 'the /proc of a bottle', () => {
  it('holds nothing that can be opened for writing, also when root started it', async () => {
    const { output } = await run(backend, spec('probe-procs', { command: ['perl', '-e', WALK] }));
    expect(output).toBe('walked\n');
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot('would hold the host’s own settings, were it bubblewrap’s alone', () => {
    const naive = ['--unshare-user', '--unshare-pid', '--uid', '1000', '--cap-drop', 'ALL'];
    const files = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'];
    const { stdout } = spawnSync('bwrap', [...naive, ...files, '--', 'perl', '-e', WALK], {
      encoding: 'utf8',
    });
    expect(stdout).toContain('/proc/sys/kernel/core_pattern\n');
  });

  it('hides the machine’s memory, keys and timers', async () => {
    const masked = [
      'kcore',
      'keys',
      'kmsg',
      'timer_list',
      'interrupts',
      'slabinfo',
      'vmallocinfo',
      'kpagecount',
    ];
    const script = 'for name; do head -c 1 "/proc/$name" 2>/dev/null; done; echo end';
    const { output } = await run(
      backend,
      spec('probe-masks', { command: ['sh', '-c', script, 'probe', ...masked] }),
    );
    expect(output).toBe('end\n');
  });

  it('still shows a program what it needs', async () => {
    const script =
      'cat /proc/sys/kernel/pid_max /proc/self/comm && grep -c ^processor /proc/cpuinfo && nproc && grep -q MemTotal /proc/meminfo';
    const { code, output } = await run(backend, spec('probe-procn', { command: ['sh', '-c', script] }));
    expect(output).toMatch(/^\d+\ncat\n\d+\n\d+\n$/);
    expect(code).toBe(0);
  });
});
