import { BackendError } from '@bot-bottle/backend';
import { findProgram } from './programs.js';

/** The devices that every program expects, harmless whoever has them. */
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

/**
 * A bottle that root started owns the host's device files and could change their mode for everybody (bubblewrap can show a
 * device writable, or not at all). So it gets files of its own, on a file system that only its launch sees: this goes before
 * the launch script and gives it a mount namespace to make them in.
 * @throws BackendError `unavailable`
 */
export function privateMounts(path: string | undefined): string[] {
  const unshare = findProgram('unshare', path);
  if (unshare === null) {
    throw new BackendError('unavailable', 'root needs the program unshare to run a bottle', {
      remedy: 'install the package util-linux, or start the bottle as another user',
    });
  }
  return [unshare, '--mount', '--propagation', 'private', '--'];
}

/** Options that show those files over the host's. */
export function ownDevices(folder: string | null): string[] {
  return folder === null ? [] : DEVICES.flatMap(name => ['--dev-bind', `${folder}/${name}`, `/dev/${name}`]);
}

/** Shell text that makes them: `$devices` is the folder, `-` for none. */
export const MAKE_DEVICES = `if [ "$devices" != - ]; then
  mount -t tmpfs -o nosuid,noexec,mode=0755,size=64k tmpfs "$devices"
  cp -a ${DEVICES.map(name => `/dev/${name}`).join(' ')} "$devices"
fi`;
