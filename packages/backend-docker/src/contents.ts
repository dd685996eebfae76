import { createHash, type Hash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { type FileHandle, open, readdir, readlink } from 'node:fs/promises';
import type { ImageBuild } from '@bot-bottle/backend';
import { BackendError } from '@bot-bottle/backend';

/** Octets that are read at once. */
const CHUNK = 1024 * 1024;
const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * A digest of all that an image is made of: the Dockerfile, and of each entry of the context its name, kind, mode and content. What
 * `.dockerignore` leaves out counts too: one build more than is needed is quick, for the engine still has its layers.
 * @throws BackendError `bad-spec` for what cannot be read
 */
export async function contentsOf(build: ImageBuild): Promise<string> {
  const { dockerfile, context } = build;
  const ignore = ignoreFileOf(build);
  const hash = createHash('sha256');
  try {
    await use(dockerfile, O_NONBLOCK, file => addFile(hash, 'Dockerfile', file));
    if (ignore !== null) await use(ignore, O_NONBLOCK, file => addFile(hash, 'dockerignore', file));
    // Its own path may be a link: that is the operator's.
    if (context !== null) await use(context, O_DIRECTORY, folder => addFolder(hash, folder));
  } catch (cause) {
    if (typeof (cause as NodeJS.ErrnoException).syscall !== 'string') throw cause;
    throw new BackendError(
      'bad-spec',
      `what the image is made of cannot be read: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
  return hash.digest('hex');
}

/** What BuildKit leaves out by, before a `.dockerignore` in the context; null: there is none such. */
export function ignoreFileOf({
  dockerfile,
  ignore = `${dockerfile}.dockerignore`,
}: ImageBuild): string | null {
  return existsSync(ignore) ? ignore : null;
}

/** Works from the folder's handle: what is swapped for a link meanwhile is not followed. */
async function addFolder(hash: Hash, folder: FileHandle): Promise<void> {
  const path = `/proc/self/fd/${folder.fd}`;
  const entries = await readdir(path, { withFileTypes: true });
  // In an order that no file system and no locale decides.
  entries.sort((one, two) => (one.name < two.name ? -1 : 1));
  for (const entry of entries) {
    const inside = `${path}/${entry.name}`;
    if (entry.isSymbolicLink()) {
      add(hash, 'link', entry.name, await readlink(inside));
    } else if (entry.isFile()) {
      await use(inside, O_NOFOLLOW | O_NONBLOCK, file => addFile(hash, entry.name, file));
    } else if (entry.isDirectory()) {
      await use(inside, O_NOFOLLOW | O_DIRECTORY, async below => {
        add(hash, 'folder', entry.name, `${(await below.stat()).mode}`);
        await addFolder(hash, below);
        add(hash, 'end');
      });
    }
    // Sockets, pipes and devices are in no build context.
  }
}

/** As long as it was when it was opened: one that grows without end is read to there. */
async function addFile(hash: Hash, name: string, file: FileHandle): Promise<void> {
  const stat = await file.stat();
  const size = stat.isFile() ? stat.size : 0;
  add(hash, 'file', name, `${stat.mode}`, `${size}`);
  const chunk = Buffer.allocUnsafe(Math.min(size, CHUNK));
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK, size - at), at);
    if (bytesRead === 0) return;
    hash.update(chunk.subarray(0, bytesRead));
    at += bytesRead;
  }
}

async function use<T>(path: string, flags: number, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(path, O_RDONLY | flags);
  try {
    return await work(handle);
  } finally {
    await handle.close();
  }
}

/** Each with its length, so that no two lists of words are one text. */
function add(hash: Hash, ...words: readonly string[]): void {
  for (const word of words) hash.update(`${Buffer.byteLength(word)}:${word}`);
}
