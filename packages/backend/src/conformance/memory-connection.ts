import { Duplex } from 'node:stream';

/** Makes one connection without a network: sends the text and resolves with what comes until the other side ends. */
export function talk(serve: (connection: Duplex) => void, text: string): Promise<string> {
  return new Promise(resolve => {
    const answer: Uint8Array[] = [];
    const connection = new Duplex({
      read() {},
      write(chunk: Uint8Array, _encoding, done) {
        answer.push(chunk);
        done();
      },
    });
    const over = () => resolve(Buffer.concat(answer).toString());
    connection.once('finish', over).once('close', over);
    connection.push(text);
    serve(connection);
  });
}
