import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { BackendError } from './errors.js';
import type { ImageBuild } from './image-builder.js';

/** A name without a registry, and perhaps a tag (github.com/distribution/reference, "path-component" and "tag"). */
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$/;

/** Checks what every adapter refuses to build. @throws BackendError `bad-spec` */
export function checkBuild({ name, dockerfile, context, ignore }: ImageBuild): void {
  if (!NAME.test(name)) throw bad(`not the name of an image of our own: ${name}`);
  if (!isPlain(dockerfile) || !statSync(dockerfile, { throwIfNoEntry: false })?.isFile()) {
    throw bad(`there is no Dockerfile at ${dockerfile}; expected the absolute path of a file`);
  }
  if (ignore !== undefined && !isPlain(ignore)) throw bad(`not the absolute path of a file: ${ignore}`);
  if (context === null) return;
  if (!isPlain(context) || !statSync(context, { throwIfNoEntry: false })?.isDirectory()) {
    throw bad(`there is no build context at ${context}; expected the absolute path of a folder`);
  }
}

function isPlain(path: string): boolean {
  return isAbsolute(path) && !path.includes('\0');
}

function bad(message: string): BackendError {
  return new BackendError('bad-spec', message);
}
