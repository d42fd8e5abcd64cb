#!/usr/bin/env node
import { a as b, type C } from "./m"; export default class Ä<T extends object = {}> implements I {
  private readonly x?: number = 0xFFn; static #y: Map<string, T[]> = new Map();
  constructor(public name: string, @Inject() private z: any) { super(); }
  async *gen(): AsyncGenerator<void> { yield* this.other`a ${1 + `n ${b}`} c`; }
}
enum E { A = 1 << 2, B } declare module "x"; type P = keyof typeof q | unknown; interface Q { readonly [k: string]: never }
const f = (x: number): x is 3 => /ab+[/\]]c/gi.test(`${x}`) ?? x?.y!.z ** 2; // c
/* more */ for (const k of Object.keys({})) if (k in window && !(k instanceof Array)) debugger;
let s = 'it\'s' + "\u00e4" + .5e-3 + 0b11; label: while (true) { break label; }
