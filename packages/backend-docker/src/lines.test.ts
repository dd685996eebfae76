import { Lines } from './lines.js';

function linesOf(...chunks: readonly (string | Buffer)[]): string[] {
  const seen: string[] = [];
  const lines = new Lines(line => seen.push(line));
  for (const chunk of chunks) lines.push(Buffer.from(chunk));
  lines.end();
  return seen;
}

describe('the lines of a stream', () => {
  it('come whole, however the stream is cut', () => {
    const [first, second] = [Buffer.from('ü').subarray(0, 1), Buffer.from('ü').subarray(1)];
    expect(linesOf('one\ntw', 'o ', first, second, '\n', 'no end')).toEqual(['one', 'two ü', 'no end']);
  });

  it('hold no control sequence, also one that was cut', () => {
    expect(linesOf('\u001b[91mred\u001b', '[0m\n\u001b]0;title\u0007plain\n')).toEqual(['red', 'plain']);
  });

  it('are those that a progress bar overwrites, and none that are empty', () => {
    expect(linesOf('10%\r50%\r\r\n\n  \n100%')).toEqual(['10%', '50%', '100%']);
  });

  it('are cut where they have no end', () => {
    const lines = linesOf(
      ...Array.from({ length: 100 }, () => 'x'.repeat(1000)),
      '\n',
      'y'.repeat(100_000),
      '\n',
    );
    expect(lines.map(line => line.length)).toEqual([8192, 8192]);
  });
});
