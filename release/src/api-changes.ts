import { basename, dirname, join } from 'node:path';
import ts from 'typescript';

export interface ApiChanges {
  /** What could stop a program from compiling that did before, one line each. */
  breaking: string[];
  /** Names of what is new. */
  added: string[];
}

/**
 * Compares two reports of one entry, by their types. Breaking is:
 * - an export, a property or an option that is gone;
 * - a function, class or constant whose new type does not do where the old one did: more or narrower parameters, a wider result;
 * - a type that is not the same both ways, since a program may read such a value as well as make one. An optional property more
 *   is the same; a closed list of texts that gets longer is not, since a program may have an answer to each.
 *
 * @param file where the report is kept: imports of other packages are looked up from there
 */
export function apiChanges(file: string, older: string, newer: string): ApiChanges {
  const program = programOf(file, { older, newer });
  const checker = program.getTypeChecker();
  const [before, after] = ['older', 'newer'].map(name => exportsOf(program, checker, virtual(file, name)));
  if (before === undefined || after === undefined) throw new Error('expected two modules');
  const breaking: string[] = [];
  for (const [name, old] of before) {
    const now = after.get(name);
    if (now === undefined) breaking.push(`${name} is gone`);
    else breaking.push(...changesOf(checker, name, old, now));
  }
  return { breaking, added: [...after.keys()].filter(name => !before.has(name)) };
}

function changesOf(checker: ts.TypeChecker, name: string, old: ts.Symbol, now: ts.Symbol): string[] {
  const changes: string[] = [];
  if (old.flags & ts.SymbolFlags.Value) {
    if (!(now.flags & ts.SymbolFlags.Value)) return [`${name} is no value any more`];
    const [from, to] = [checker.getTypeOfSymbol(old), checker.getTypeOfSymbol(now)];
    changes.push(...missing(checker, name, from, to));
    if (!checker.isTypeAssignableTo(to, from)) changes.push(`${name} does not do where the old one did`);
  }
  if (old.flags & ts.SymbolFlags.Type) {
    if (!(now.flags & ts.SymbolFlags.Type)) return [`${name} is no type any more`];
    if (parametersOf(old) > 0 || parametersOf(now) > 0) {
      // Type parameters of two declarations are never the same type, so that only the text can tell.
      if (textOf(old) !== textOf(now)) changes.push(`${name}, which has type parameters, reads otherwise`);
      return changes;
    }
    const [from, to] = [checker.getDeclaredTypeOfSymbol(old), checker.getDeclaredTypeOfSymbol(now)];
    changes.push(...missing(checker, name, from, to));
    if (!checker.isTypeAssignableTo(to, from) || !checker.isTypeAssignableTo(from, to)) {
      changes.push(`${name} is another type`);
    }
  }
  return [...new Set(changes)];
}

/** Members that are gone, also those of options and results: a type without an optional member is assignable to one with it. */
function missing(
  checker: ts.TypeChecker,
  name: string,
  from: ts.Type,
  to: ts.Type,
  seen = new Set<ts.Type>(),
): string[] {
  const old = checker.getNonNullableType(from);
  const now = checker.getNonNullableType(to);
  if (seen.has(old) || !isOfReports(old)) return [];
  seen.add(old);
  const members = checker.getPropertiesOfType(old).flatMap(property => {
    // A unique symbol's name has its declaration in it.
    if (property.name.startsWith('__@')) return [];
    const path = `${name}.${property.name}`;
    const same = checker.getPropertyOfType(now, property.name);
    if (same === undefined) return [`${path} is gone`];
    return missing(checker, path, checker.getTypeOfSymbol(property), checker.getTypeOfSymbol(same), seen);
  });
  const calls = old.getCallSignatures().flatMap((signature, index) => {
    const other = now.getCallSignatures()[index];
    if (other === undefined) return [];
    const parameters = signature.parameters.flatMap((parameter, at) => {
      const same = other.parameters[at];
      if (same === undefined) return [`${name}(${parameter.name}) is gone`];
      const types = [parameter, same].map(one => checker.getTypeOfSymbol(one)) as [ts.Type, ts.Type];
      return missing(checker, `${name}(${parameter.name})`, ...types, seen);
    });
    return [
      ...parameters,
      ...missing(checker, `${name}()`, signature.getReturnType(), other.getReturnType(), seen),
    ];
  });
  return [...members, ...calls];
}

function isOfReports(type: ts.Type): boolean {
  if (!(type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection))) return false;
  const [declaration] = (type.symbol ?? type.aliasSymbol)?.declarations ?? [];
  return declaration !== undefined && basename(declaration.getSourceFile().fileName).startsWith('~');
}

function parametersOf(symbol: ts.Symbol): number {
  const [declaration] = symbol.declarations ?? [];
  const parametrised =
    declaration !== undefined &&
    (ts.isInterfaceDeclaration(declaration) || ts.isTypeAliasDeclaration(declaration));
  return parametrised ? (declaration.typeParameters?.length ?? 0) : 0;
}

function textOf(symbol: ts.Symbol): string {
  return (symbol.declarations ?? []).map(declaration => declaration.getText()).join('\n');
}

function exportsOf(program: ts.Program, checker: ts.TypeChecker, file: string): Map<string, ts.Symbol> {
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (source === undefined || module === undefined) throw new Error(`${file} is no module`);
  const [fault] = program.getSemanticDiagnostics(source).concat(program.getSyntacticDiagnostics(source));
  if (fault) throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(fault.messageText, '\n')}`);
  return new Map(checker.getExportsOfModule(module).map(symbol => [symbol.name, symbol]));
}

function virtual(file: string, name: string): string {
  return join(dirname(file), `~${name}.d.ts`);
}

/** What all comparisons read alike: the language's own declarations, Node's, those of other packages. */
const library = new Map<string, ts.SourceFile>();

const BRAND = /^declare const (\w+): unique symbol;$/gm;

function programOf(file: string, reports: Record<'older' | 'newer', string>): ts.Program {
  const brands = new Set(
    [...Object.values(reports)].flatMap(text => [...text.matchAll(BRAND)].map(([, name]) => name)),
  );
  const files = new Map<string, string>([
    // A brand is unique to its declaration: both reports mean the same one.
    [
      virtual(file, 'brands'),
      [...brands].map(name => `export declare const ${name}: unique symbol;`).join('\n'),
    ],
    ...Object.entries(reports).map(([name, text]): [string, string] => [
      virtual(file, name),
      text.replace(BRAND, "import { $1 } from './~brands.js';"),
    ]),
  ]);
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    types: ['node'],
    skipLibCheck: false,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = path => files.has(path) || fileExists(path);
  host.readFile = path => files.get(path) ?? readFile(path);
  const plain = host.getSourceFile.bind(host);
  host.getSourceFile = (path, language, ...rest) => {
    const text = files.get(path);
    if (text !== undefined) return ts.createSourceFile(path, text, language, true);
    const known = library.get(path) ?? plain(path, language, ...rest);
    if (known !== undefined) library.set(path, known);
    return known;
  };
  return ts.createProgram([...files.keys()], options, host);
}
