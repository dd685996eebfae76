import { closeSync, copyFileSync, openSync, readFileSync, writeSync } from 'node:fs';

/**
 * The log that QEMU's `blklogwrites` filter keeps of a disk, in the format of Linux's dm-log-writes
 * (Documentation/admin-guide/device-mapper/log-writes.rst): a super block, then for each request a sector with
 * { sector, sectors, flags, length } and the data.
 */
const MAGIC = 0x6a736677736872n;
const FLUSH = 1n;
const FUA = 2n;
const DISCARD = 4n;

interface Request {
  readonly sector: number;
  readonly bytes: number;
  readonly flags: bigint;
  /** Where the data stands in the log. */
  readonly at: number;
}

function readRequests(log: Buffer, sectorSize: number): Request[] {
  const requests: Request[] = [];
  let at = sectorSize;
  while (at + sectorSize <= log.length) {
    const [sector, sectors, flags] = [0, 8, 16].map(offset => log.readBigUInt64LE(at + offset)) as [
      bigint,
      bigint,
      bigint,
    ];
    if (sector === 0n && sectors === 0n && flags === 0n) break;
    const bytes = (flags & DISCARD) === 0n ? Number(sectors) * sectorSize : 0;
    const data = at + sectorSize;
    if (data + bytes > log.length) break;
    requests.push({ sector: Number(sector), bytes, flags, at: data });
    at = data + bytes;
  }
  return requests;
}

/**
 * Makes the disk as a power cut leaves it: all that a flush had made stable, and of the writes after the last flush
 * only those that `survives` chooses (a drive may write them in any order).
 */
export function diskAfterPowerCut(
  base: string,
  logFile: string,
  target: string,
  survives: (index: number) => boolean,
): { stable: number; lost: number } {
  const log = readFileSync(logFile);
  if (log.readBigUInt64LE(0) !== MAGIC) throw new Error(`${logFile} is no write log`);
  const sectorSize = log.readUInt32LE(24);
  const requests = readRequests(log, sectorSize);
  const lastFlush = requests.findLastIndex(request => (request.flags & FLUSH) !== 0n);
  copyFileSync(base, target);
  const disk = openSync(target, 'r+');
  let lost = 0;
  for (const [index, request] of requests.entries()) {
    const stable = index <= lastFlush || (request.flags & FUA) !== 0n;
    if (!stable && !survives(index)) {
      lost += 1;
      continue;
    }
    writeSync(disk, log, request.at, request.bytes, request.sector * sectorSize);
  }
  closeSync(disk);
  return { stable: lastFlush + 1, lost };
}
