import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const modules = [
  'virtio',
  'virtio_ring',
  'virtio_pci_modern_dev',
  'virtio_pci_legacy_dev',
  'virtio_pci',
  'virtio_blk',
];

/** The folder of a Debian kernel package, unpacked: `boot/vmlinuz-*` and `lib/modules/*`; undefined where the set-up got none. */
export function findKernel(folder: string): { image: string; modules: string } | undefined {
  const [image] = existsSync(join(folder, 'boot'))
    ? readdirSync(join(folder, 'boot')).filter(name => name.startsWith('vmlinuz'))
    : [];
  if (image === undefined) return undefined;
  const version = image.slice('vmlinuz-'.length);
  return {
    image: join(folder, 'boot', image),
    modules: join(folder, 'lib/modules', version, 'kernel/drivers'),
  };
}

/** Packs busybox, this Node with its libraries, and `files` into an initial RAM disk. */
export function packRamDisk(
  work: string,
  kernelModules: string,
  files: Readonly<Record<string, string>>,
): string {
  const tree = join(work, 'ramdisk');
  for (const folder of ['bin', 'proc', 'dev', 'disk', 'modules'])
    mkdirSync(join(tree, folder), { recursive: true });
  copyFileSync('/bin/busybox', join(tree, 'bin/busybox'));
  copyFileSync(process.execPath, join(tree, 'node'));
  const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).match(/\/[^ ]+/g) ?? [];
  for (const library of libraries) {
    mkdirSync(join(tree, dirname(library)), { recursive: true });
    copyFileSync(library, join(tree, library));
  }
  for (const name of modules) {
    const folder = name === 'virtio_blk' ? 'block' : 'virtio';
    copyFileSync(join(kernelModules, folder, `${name}.ko`), join(tree, 'modules', `${name}.ko`));
  }
  for (const [name, source] of Object.entries(files)) copyFileSync(source, join(tree, name));
  const image = join(work, 'ramdisk.cpio');
  execFileSync('sh', [
    '-c',
    'cd "$1" && chmod +x init && find . | /bin/busybox cpio -o -H newc > "$2" 2>/dev/null',
    'sh',
    tree,
    image,
  ]);
  return image;
}

export interface Machine {
  readonly kernel: string;
  readonly ramDisk: string;
  readonly disk: string;
  /** Where every write to the disk is logged; nothing is logged by default. */
  readonly log?: string;
}

/** Boots the machine for one job and cuts the power when `line` returns true, or when it powers off by itself. */
export async function boot(machine: Machine, job: string, line: (text: string) => boolean): Promise<void> {
  const file = `driver=file,filename=${machine.disk}`;
  const blockdev =
    machine.log === undefined
      ? ['-blockdev', `${file},node-name=disk`]
      : [
          '-blockdev',
          `${file},node-name=plain`,
          '-blockdev',
          `driver=file,filename=${machine.log},node-name=log`,
          '-blockdev',
          'driver=blklogwrites,node-name=disk,file=plain,log=log',
        ];
  if (machine.log !== undefined) writeFileSync(machine.log, '');
  const qemu = spawn(
    'qemu-system-x86_64',
    [
      '-accel',
      'tcg',
      '-m',
      '1024',
      '-nographic',
      '-no-reboot',
      '-nodefaults',
      '-serial',
      'stdio',
      '-kernel',
      machine.kernel,
      '-initrd',
      machine.ramDisk,
      '-append',
      `console=ttyS0 quiet panic=-1 job=${job}`,
      ...blockdev,
      '-device',
      'virtio-blk-pci,drive=disk,write-cache=on',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise<void>((resolve, reject) => {
    qemu.on('error', reject);
    qemu.on('exit', () => resolve());
  });
  for await (const text of createInterface({ input: qemu.stdout })) if (line(text)) qemu.kill('SIGKILL');
  await ended;
}
