import { join } from 'node:path';
import { apiChanges } from '../src/api-changes.ts';

const file = join(__dirname, '../../packages/identity/api/index.d.ts');
const changes = (older: string, newer: string) =>
  apiChanges(file, `${older}\nexport {};`, `${newer}\nexport {};`);

describe('a change of the API is breaking where', () => {
  it.each([
    ['an export is gone', 'export declare const a: 1;', '', ['a is gone']],
    [
      'a parameter is demanded that was not',
      'export declare function f(a: string): void;',
      'export declare function f(a: string, b: number): void;',
      ['f does not do where the old one did'],
    ],
    [
      'a parameter takes less',
      'export declare function f(a: string | number): void;',
      'export declare function f(a: string): void;',
      ['f does not do where the old one did'],
    ],
    [
      'a result may be more',
      'export declare function f(): string;',
      'export declare function f(): string | null;',
      ['f does not do where the old one did'],
    ],
    [
      'an option is gone',
      'export declare function f(options?: { a?: 1; wait?: number }): void;',
      'export declare function f(options?: { a?: 1 }): void;',
      ['f(options).wait is gone'],
    ],
    [
      'an optional property is gone',
      'export interface I { a: 1; b?: 2 }',
      'export interface I { a: 1 }',
      ['I.b is gone'],
    ],
    [
      'a property is demanded of who makes one',
      'export interface I { a: 1 }',
      'export interface I { a: 1; b: 2 }',
      ['I is another type'],
    ],
    [
      'a closed list gets longer',
      "export type Code = 'a' | 'b';",
      "export type Code = 'a' | 'b' | 'c';",
      ['Code is another type'],
    ],
    [
      'a class loses a method',
      'export declare class C { a(): void; b(): void }',
      'export declare class C { a(): void }',
      ['C is another type'],
    ],
    [
      'a type that is not exported itself changes below one that is',
      'type Inner = { a: 1 };\nexport declare function f(): Inner;',
      'type Inner = { a: 2 };\nexport declare function f(): Inner;',
      ['f does not do where the old one did'],
    ],
    [
      'a type with parameters reads otherwise',
      'export interface G<T> { a: T }',
      'export interface G<T> { a: T; b?: T }',
      ['G, which has type parameters, reads otherwise'],
    ],
    [
      'a class becomes a type',
      'export declare class C {}',
      'export interface C {}',
      ['C is no value any more'],
    ],
  ])('%s', (_what, older, newer, breaking) => {
    expect(changes(older, newer)).toEqual({ breaking: expect.arrayContaining(breaking), added: [] });
  });
});

describe('a change of the API is none or an addition where', () => {
  it.each([
    ['a name is new', '', 'export declare const a: 1;', ['a']],
    [
      'a parameter more may be left out',
      'export declare function f(a: string): void;',
      'export declare function f(a: string, b?: number): void;',
      [],
    ],
    [
      'a parameter takes more, and a result is less',
      'export declare function f(a: string): string | null;',
      'export declare function f(a: string | Buffer): string;',
      [],
    ],
    [
      'a property more may be left out',
      'export interface I { a: 1 }',
      'export interface I { a: 1; b?: 2 }',
      [],
    ],
    [
      'a brand is the same one',
      'declare const brand: unique symbol;\nexport type B = string & { [brand]: 1 };',
      'declare const brand: unique symbol;\nexport type B = string & { [brand]: 1 };',
      [],
    ],
    [
      'the same is said otherwise',
      "export interface I { a: string }\nexport type U = 'a' | 'b';",
      "type Text = string;\nexport type I = { a: Text };\nexport type U = 'b' | 'a';",
      [],
    ],
  ])('%s', (_what, older, newer, added) => {
    expect(changes(older, newer)).toEqual({ breaking: [], added });
  });
});

it('a report that is broken itself is refused', () => {
  expect(() => changes('export declare const a: Nowhere;', '')).toThrow("Cannot find name 'Nowhere'");
});
