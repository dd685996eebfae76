import {
  Composer,
  type CST,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
} from 'yaml';
import type { Problem } from './errors.js';
import { suggest } from './nearest.js';

const MAX_PROBLEMS = 100;
/** Of the parser's stack, which holds one or two tokens a level; routes need 10. */
const MAX_STACK = 64;
/** Words, signs, spaces and line ends: more than 256 KiB of ordinary routes have. The parser's time goes by their number. */
const MAX_LEXEMES = 1 << 17;

/** A value of the document; null where the text has none. */
export type YamlNode = Node | null;

/** The document's plain subset that a policy needs: maps, lists and strings; everything else is a problem with its place. */
export class YamlReader {
  readonly problems: Problem[] = [];
  readonly root: YamlNode;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    // Unique keys are checked below: the library's own check takes quadratic time. Aliases and tags are refused below.
    const composer = new Composer({
      schema: 'core',
      uniqueKeys: false,
      stringKeys: true,
      prettyErrors: false,
    });
    this.#lines.addNewLine(0);
    const { document, another } = withoutStacks(() => {
      const [document, another] = composer.compose(this.#tokens(text), true, text.length);
      return { document, another };
    });
    for (const { pos, message } of document?.errors ?? []) this.#at(pos[0], message);
    if (document?.directives.yaml.explicit) this.#at(0, 'directives are not read: remove "%YAML"');
    if (another) this.#at(another.range[0], 'a second document is not read: remove the "---"');
    this.root = document?.contents ?? null;
  }

  fail(node: YamlNode, message: string): undefined {
    this.#at(node?.range?.[0] ?? 0, message);
  }

  /** Calls back with the value of each known key, and says what is wrong with the others. */
  map(
    node: YamlNode,
    what: string,
    known: Record<string, (value: YamlNode, key: YamlNode) => void>,
    unknown?: (key: string) => string | undefined,
  ): void {
    if (!isMap(node) || !this.#plain(node)) {
      if (!isMap(node)) this.#expected(node, `${what} must be a map`);
      return;
    }
    const seen = new Set<string>();
    for (const { key, value } of node.items as { key: Node; value: YamlNode }[]) {
      const name = this.string(key, 'a key');
      if (name === undefined) continue;
      const read = Object.hasOwn(known, name) ? known[name] : undefined;
      if (seen.has(name)) this.fail(key, `the key "${name.slice(0, 40)}" stands twice`);
      else if (read) read(value, key);
      else
        this.fail(
          key,
          unknown?.(name) ?? `unknown key "${name.slice(0, 40)}"${suggest(name, Object.keys(known))}`,
        );
      seen.add(name);
    }
  }

  /** The list's items; undefined, and a problem, where it is none. */
  list(node: YamlNode, what: string): YamlNode[] | undefined {
    if (!isSeq(node)) return this.#expected(node, `${what} must be a list`);
    return this.#plain(node) ? (node.items as YamlNode[]) : undefined;
  }

  /** The string; undefined, and a problem, where it is none. The value is never repeated in a message: it could be a secret. */
  string(node: YamlNode, what: string): string | undefined {
    if (!isScalar(node) || typeof node.value !== 'string') {
      return this.#expected(node, `${what} must be a string`);
    }
    return this.#plain(node) ? node.value : undefined;
  }

  #expected(node: YamlNode, message: string): undefined {
    if (isAlias(node)) {
      return this.fail(node, 'aliases are not read: put a text that begins with "*" in quotes');
    }
    const hint =
      isScalar(node) && node.value !== null ? ' (a number or a truth value needs quotes to be one)' : '';
    return this.fail(node, message.endsWith('string') ? message + hint : message);
  }

  #plain(node: Node & { tag?: string; anchor?: string }): boolean {
    if (node.tag !== undefined) this.fail(node, 'tags are not read: remove the "!"');
    else if (node.anchor !== undefined) this.fail(node, 'anchors are not read: remove the "&"');
    else return true;
    return false;
  }

  /**
   * The parser's tokens, as far as a policy can need them. The composer is recursive, and so is not given what is nested deeply:
   * close to the end of the stack V8 may abort the process rather than throw (seen on Node 20).
   */
  *#tokens(text: string): Generator<CST.Token, void> {
    const parser = new Parser(this.#lines.addNewLine);
    let [broken, lexemes] = [0, 0];
    for (const lexeme of new Lexer().lex(text)) {
      if (++lexemes > MAX_LEXEMES)
        return this.#at(parser.offset, `has more than ${MAX_LEXEMES} words and signs`);
      for (const token of parser.next(lexeme)) {
        if (token.type === 'error') broken++;
        yield token;
      }
      if (parser.stack.length > MAX_STACK) return this.#at(parser.offset, 'is nested too deeply');
      if (broken >= MAX_PROBLEMS) return;
    }
    yield* parser.end();
  }

  #at(offset: number, message: string): void {
    if (this.problems.length >= MAX_PROBLEMS) return;
    const { line, col } = this.#lines.linePos(offset);
    this.problems.push({ line: Math.max(line, 1), column: Math.max(col, 1), message });
  }
}

/** The composer makes an error of every thing it cannot read, and of 100,000 errors most of the time would go to their stacks. */
function withoutStacks<T>(work: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
