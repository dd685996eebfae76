import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Outcome } from './journal.js';
import type { Relay } from './relay.js';
import type { Turns } from './turns.js';

export interface SpliceOptions {
  /** Milliseconds without a byte, after which it is cut. */
  readonly idleMs: number;
  /** What the origin's connection was made with, if it was. */
  readonly relay?: Relay | undefined;
  /** Where a policy cuts hundreds, their origins wait until all are cut on the bottle's side. */
  readonly turns: Turns;
}

/**
 * Joins two connections until both are over: bytes, and the end of either direction, go through unchanged and unbuffered.
 * @param onOver once; `cut` says which side ended it early, `proxy`: nothing came for `idleMs`
 */
export function splice(
  bottle: Duplex,
  origin: Socket,
  { idleMs, relay, turns }: SpliceOptions,
  onOver: (outcome: Outcome) => void,
): void {
  let cut: Outcome['cut'];
  let open = 2;
  const watch = (side: Duplex, other: Duplex, blame: 'bottle' | 'origin') => {
    const closed = () => {
      if (!side.readableEnded) {
        cut ??= blame;
        if (blame === 'origin') reset(other);
        else turns.add(() => reset(other));
      }
      if (--open > 0) return;
      relay?.release();
      onOver({ sent: origin.bytesWritten, received: origin.bytesRead, cut });
    };
    if (side.closed) process.nextTick(closed);
    else side.once('close', closed);
  };
  watch(bottle, origin, 'bottle');
  watch(origin, bottle, 'origin');
  // All that goes through goes through this one.
  origin.setTimeout(idleMs, () => {
    cut ??= 'proxy';
    origin.destroy();
  });
  bottle.pipe(origin);
  if (relay) relay.to(bottle, origin);
  else origin.pipe(bottle);
}

/** Breaks a connection off: a mere end could be taken for the end of what was sent. */
export function reset(connection: Duplex): void {
  // Of one that is closed already, Node's reset makes an error, which is slow where a policy cuts hundreds.
  if (connection.destroyed) return;
  if (connection instanceof Socket) connection.resetAndDestroy();
  else connection.destroy();
}

const LINGER_MS = 2000;

/** Ends a connection with a last answer. What the client still sends is read: a reset would take the answer from it. */
export function endWith(connection: Duplex, bytes: string | Uint8Array): void {
  const timer = setTimeout(() => connection.destroy(), LINGER_MS).unref();
  connection.once('close', () => clearTimeout(timer));
  connection.resume();
  connection.end(bytes);
}
