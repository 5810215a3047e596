import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compile, type Truth } from '../../rules/condition.js';
import { SyntaxMistake } from '../../rules/mistakes.js';
import { parse, type Tree } from '../../rules/parse.js';
import type { PayloadType } from '../../rules/reader.js';
import { COMPARISONS } from '../../rules/tokens.js';
import { runs } from '../support/property.js';

const met = (text: string, message: unknown, payloadType?: PayloadType): Truth =>
  compile(parse(text), payloadType === undefined ? {} : { payloadType })(message);

describe('rules: conditions', () => {
  const message = {
    ...{ a: 5, b: -2.5, 'heart-rate': 80, word: 'on', yes: true, no: false, empty: null },
    parent: { child: 7, 'deep-er': { x: 'y' } },
    list: [10, 20],
  };
  const cases: [string, Truth][] = [
    ['$a == 5', true],
    ['$a==5', true],
    ['$a != 5', false],
    ['$a > 5 or $a >= 5', true],
    ['$b < -2', true],
    ['$b <= -2.5e0', true],
    ['$heart-rate >= 80 and $heart-rate <= 120', true],
    ['$parent.child > 6', true],
    ["$parent.deep-er.x == 'y'", true],
    ['$list.1 == 20', true],
    ['$word == "on"', true],
    ["$word < 'oo'", true],
    ["$word == 'o\\n'", true],
    ['$yes', true],
    ['not $no', true],
    ['$yes == True', true],
    ['( $a ) > ( 4 )', true],
    ['((($a > 4)))', true],
    ['not not $yes', true],
    ['5 < $a', false],
    // and binds closer than or, not closer than and
    ['$yes or $yes and $no', true],
    ['( $yes or $yes ) and $no', false],
    ['not $no and $no', false],
    // what is unknown decides nothing
    ['$missing > 5', undefined],
    ['not $missing > 5', undefined],
    ['$missing > 5 or $a == 5', true],
    ['$missing > 5 and $a == 4', false],
    ['$missing > 5 and $a == 5', undefined],
    ['$empty == 5', undefined],
    ['$word > 5', undefined],
    ['$word == 5', false],
    ['$a', undefined],
    ['$parent', undefined],
    ['$parent == 5', undefined],
    ['$word.length == 2', undefined],
    ['$list.length == 2', true],
    ['$toString == 1', undefined],
    ['$constructor == 1', undefined],
    ['$parent.hasOwnProperty', undefined],
  ];
  for (const [text, expected] of cases) {
    it(`${text} is ${expected}`, () => assert.equal(met(text, message), expected));
  }

  it('values are converted to the payload type', () => {
    const given = { n: 36.6, text: '36.6', flag: 1, word: 'True' };
    assert.equal(met('$n == 36', given, 'int'), true);
    assert.equal(met('$text > 36.5', given, 'float'), true);
    assert.equal(met("$n == '36.6'", given, 'str'), true);
    assert.equal(met('$flag and $word', given, 'bool'), true);
    assert.equal(met('$word > 1', given, 'float'), undefined);
    assert.equal(met('$n', given, 'bool'), undefined);
  });

  const wrong: [string, RegExp][] = [
    ['', /character 1: expected a value/],
    ['$a >', /character 5: expected a value .* found the end/],
    ['$a = 5', /character 4: expected ==, found =/],
    ['$a > 5 $b', /character 8: expected and, or or the end, found \$b/],
    ['1 < $a < 5', /a comparison has two sides/],
    ['( $a > 5', /expected \), found the end/],
    ['$a > 5 )', /found \)/],
    ['$a AND $b', /expected and in lower case/],
    ['$a && $b', /expected and, found "&&"/],
    ['$a || $b', /expected or/],
    ["$a == 'x", /closing quote/],
    ['$', /expected a name after \$/],
    ['$a..b == 1', /expected a name/],
    ['$a.__proto__.b == 1', /found __proto__/],
    ['$a == 1e999', /expected a value/],
    ['$a == NaN', /expected a value/],
    ['alert(1)', /expected a value.*found "alert"/],
    ['not', /found the end/],
    [`${'('.repeat(5000)}`, /at most 4096 characters/],
    [`${'('.repeat(3000)}$a`, /at most 100 parentheses/],
    [`${'not '.repeat(1000)}$a`, /at most 100/],
    [`$${'a.'.repeat(20)}a`, /at most 16 names/],
  ];
  for (const [text, reason] of wrong) {
    it(`refuses ${text.slice(0, 30)}`, () => {
      assert.throws(
        () => parse(text),
        (error) => error instanceof SyntaxMistake && reason.test(error.message),
      );
    });
  }

  /** Trees as text, and the same evaluated by another way. */
  const tree = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      fc.record({
        kind: fc.constant('comparison' as const),
        comparison: fc.constantFrom(...COMPARISONS),
        left: fc.record({ kind: fc.constant('name' as const), path: fc.constantFrom(['x'], ['y', 'z-1']) }),
        right: fc.record({
          kind: fc.constant('literal' as const),
          value: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom('', "it's", '"\\')),
        }),
      }),
      fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        left: tie('tree'),
        right: tie('tree'),
      }),
      fc.record({ kind: fc.constant('not' as const), of: tie('tree') }),
    ),
  })).tree;

  it('property: a tree written as text is parsed to the same tree, with and without parentheses in doubt', () => {
    fc.assert(
      fc.property(tree, (one) => {
        assert.deepEqual(parse(textOf(one)), structuredClone(one));
      }),
      { numRuns: runs(500) },
    );
  });

  it('property: a condition is what Kleene says', () => {
    const value = fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined });
    fc.assert(
      fc.property(tree, value, value, (one, x, z) => {
        const given = { ...(x === undefined ? {} : { x }), y: z === undefined ? {} : { 'z-1': z } };
        assert.equal(compile(one)(given), kleene(one, x, z));
      }),
      { numRuns: runs(500) },
    );
  });

  it('property: no text stops the parser', () => {
    const part = fc.constantFrom(
      '$a',
      '(',
      ')',
      'and',
      'or',
      'not',
      '<',
      '==',
      '=',
      "'",
      '"',
      '5',
      '.',
      '\\',
      ' ',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            compile(parse(text))({ a: 1 });
          } catch (error) {
            assert.ok(error instanceof SyntaxMistake, String(error));
          }
        },
      ),
      { numRuns: runs(2000) },
    );
  });
});

function textOf(tree: Tree): string {
  switch (tree.kind) {
    case 'and':
    case 'or':
      return `( ${textOf(tree.left)} ) ${tree.kind} ( ${textOf(tree.right)} )`;
    case 'not':
      return `not ( ${textOf(tree.of)} )`;
    case 'truth':
      return '';
    case 'comparison': {
      const left = tree.left.kind === 'name' ? `$${tree.left.path.join('.')}` : '';
      const value = tree.right.kind === 'literal' ? tree.right.value : '';
      return `${left} ${tree.comparison} ${JSON.stringify(value)}`;
    }
  }
}

/** True is 1, unknown 0, false -1: `and` is the minimum, `or` the maximum, `not` the sign. */
function kleene(tree: Tree, x: number | undefined, z: number | undefined): Truth {
  const degree = (one: Tree): number => {
    switch (one.kind) {
      case 'and':
        return Math.min(degree(one.left), degree(one.right));
      case 'or':
        return Math.max(degree(one.left), degree(one.right));
      case 'not':
        return 0 - degree(one.of);
      case 'truth':
        return 0;
      case 'comparison': {
        const left = one.left.kind === 'name' && one.left.path[0] === 'x' ? x : z;
        const right = one.right.kind === 'literal' ? one.right.value : undefined;
        if (left === undefined) return 0;
        if (one.comparison === '==') return left === right ? 1 : -1;
        if (one.comparison === '!=') return left !== right ? 1 : -1;
        if (typeof right !== 'number') return 0;
        const order = Math.sign(left - right);
        const wanted = one.comparison.startsWith('<') ? -1 : 1;
        return order === wanted || (order === 0 && one.comparison.endsWith('=')) ? 1 : -1;
      }
    }
  };
  return { '1': true, '0': undefined, '-1': false }[String(degree(tree) + 0)];
}
