import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { publishedPackages, type WorkspacePackage } from './workspace.ts';

/** What one entry of a package exports, as a module of declarations. */
export interface ApiReport {
  /** Such as `@bot-bottle/metadata/codec`. */
  entry: string;
  /** Where the repository keeps it. */
  file: string;
  text: string;
}

const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  strict: true,
  types: ['node'],
  skipLibCheck: true,
};

/** The reports of all libraries, from what was built. */
export function apiReports(root: string): ApiReport[] {
  const entries = publishedPackages(root).flatMap(entriesOf);
  const program = ts.createProgram(
    entries.map(({ types }) => types),
    OPTIONS,
  );
  return entries.map(({ entry, types, file }) => ({ entry, file, text: reportOf(program, types) }));
}

function entriesOf({
  name,
  folder,
  manifest,
}: WorkspacePackage): { entry: string; types: string; file: string }[] {
  return Object.entries(manifest.exports ?? {}).flatMap(([path, conditions]) => {
    const types = (conditions as { import?: { types?: string } }).import?.types;
    if (types === undefined) return [];
    const file = join(folder, 'api', `${path === '.' ? 'index' : path.slice(2)}.d.ts`);
    return [{ entry: name + path.slice(1), types: join(folder, types), file }];
  });
}

/** Every exported declaration and what those name in turn, without comments, sorted, so that a difference is a change. */
function reportOf(program: ts.Program, file: string): string {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file} is no module; expected a build to have made it`);
  const exported = new Map<ts.Symbol, string[]>();
  for (const symbol of checker.getExportsOfModule(module)) {
    const target = resolved(checker, symbol);
    exported.set(target, [...(exported.get(target) ?? []), symbol.name]);
  }
  const imports = new Set<string>();
  const declared = new Map<string, string>();
  const waiting = [...exported.keys()];
  const seen = new Set(waiting);
  for (let symbol = waiting.shift(); symbol !== undefined; symbol = waiting.shift()) {
    const declarations = (symbol.declarations ?? []).filter(one => isOfPackage(one, file));
    const names = exported.get(symbol) ?? [];
    if (declarations.length === 0) {
      if (names.length === 0) continue; // of the language, or of Node
      throw new Error(
        `${file} exports ${names.join(', ')} of another package; expected its own declarations`,
      );
    }
    declared.set(symbol.name, withExports(symbol.name, declarations.map(printed), names));
    for (const named of declarations.flatMap(declaration => namesIn(checker, declaration))) {
      const target = resolved(checker, named);
      const from = importOf(named);
      if (from !== null) imports.add(from);
      else if (!seen.has(target) && isTopLevel(target)) {
        seen.add(target);
        waiting.push(target);
      }
    }
  }
  const parts = [...declared].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, text]) => text);
  return `${[...[...imports].sort(), ...parts].join('\n')}\nexport {};\n`;
}

/** A declaration, exported under its own name, others, or none. */
function withExports(name: string, texts: readonly string[], exported: readonly string[]): string {
  const own = exported.includes(name) ? texts.map(text => `export ${text}`) : texts;
  const others = exported.filter(other => other !== name).map(other => `export { ${name} as ${other} };`);
  return [...own, ...others].join('\n');
}

function resolved(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function isOfPackage(node: ts.Node, entry: string): boolean {
  return dirname(node.getSourceFile().fileName) === dirname(entry);
}

function isTopLevel(symbol: ts.Symbol): boolean {
  return (symbol.declarations ?? []).some(node => {
    const statement = ts.isVariableDeclaration(node) ? node.parent.parent : node;
    return ts.isSourceFile(statement.parent);
  });
}

/** The import statement that brought a name in from another package; null for a name of this one, or of the language. */
function importOf(symbol: ts.Symbol): string | null {
  const [declaration] = symbol.declarations ?? [];
  if (declaration === undefined || !ts.isImportSpecifier(declaration)) return null;
  const { moduleSpecifier } = declaration.parent.parent.parent;
  const from = (moduleSpecifier as ts.StringLiteral).text;
  if (from.startsWith('.')) return null;
  const original = declaration.propertyName?.text;
  const name = declaration.name.text;
  return `import { ${original === undefined ? name : `${original} as ${name}`} } from '${from}';`;
}

function namesIn(checker: ts.TypeChecker, node: ts.Node): ts.Symbol[] {
  const symbols: ts.Symbol[] = [];
  const visit = (child: ts.Node): void => {
    if (isPrivate(child)) return;
    const symbol = ts.isIdentifier(child) ? checker.getSymbolAtLocation(child) : undefined;
    if (symbol !== undefined) symbols.push(symbol);
    ts.forEachChild(child, visit);
  };
  visit(node);
  return symbols;
}

const printer = ts.createPrinter({ removeComments: true });

function printed(declaration: ts.Declaration): string {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const { transformed } = ts.transform(statement, [
    context => root => {
      const visit = (node: ts.Node): ts.Node | undefined =>
        isPrivate(node) ? undefined : ts.visitEachChild(node, visit, context);
      return ts.visitEachChild(root, visit, context);
    },
  ]);
  const [node = statement] = transformed;
  return printer
    .printNode(ts.EmitHint.Unspecified, node, declaration.getSourceFile())
    .replace(/^export /, '');
}

/** It is in the declarations only so that two classes are not taken for one another. */
function isPrivate(node: ts.Node): boolean {
  if (!ts.isClassElement(node)) return false;
  const hidden = node.name !== undefined && ts.isPrivateIdentifier(node.name);
  return hidden || (ts.canHaveModifiers(node) && hasPrivate(node));
}

function hasPrivate(node: ts.HasModifiers): boolean {
  return ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) === true;
}

export function readReport(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
