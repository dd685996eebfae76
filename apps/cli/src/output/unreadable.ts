import { codeOf, messageOf } from '../thrown.js';
import { CliError } from './errors.js';
import { shellWord } from './shell-word.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  ENOTDIR: 'it is not there',
  EISDIR: 'it is a folder',
  EACCES: 'you may not',
  EPERM: 'you may not',
  ELOOP: 'its links go round in a circle',
};

/** The failure to read a file that the operator named or wrote. */
export function unreadable(file: string, cause: unknown): CliError {
  const reason = REASONS[codeOf(cause) ?? ''] ?? messageOf(cause);
  return new CliError('unreadable-file', `${file} cannot be read: ${reason}; expected a file of yours`, {
    try: `ls -ld ${shellWord(file)}`,
    cause,
  });
}
