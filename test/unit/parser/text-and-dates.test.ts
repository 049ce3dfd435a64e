import { describe, expect, it } from 'vitest';
import { dateOfTime, parseEnglishDate, yearOfTime } from '../../../src/parser/dates.ts';
import { address, count, cover, distribution, isbn10, isbn13, numberIn, pageCount, rating } from '../../../src/parser/findings.ts';
import { attribute, attributeIn, find, parseMarkup } from '../../../src/parser/markup/markup.ts';
import { collapse, line, paragraphsOfHtml, textOf } from '../../../src/parser/markup/text.ts';

describe('text', () => {
  it('collapses white space and keeps joiners', () => {
    expect(collapse('  Dan \u00a0  Brown\n')).toBe('Dan Brown');
    expect(collapse('باغ\u200cهای')).toBe('باغ\u200cهای');
    expect(line(' \u00a0 ')).toBeNull();
    expect(line(5)).toBeNull();
  });

  it('drops characters that databases refuse', () => {
    expect(collapse('a\u0000b\u0007c')).toBe('abc');
    expect(collapse('a\ud800b 😀')).toBe('a\ufffdb 😀');
  });

  it.each([
    ['one<br>two<br />three<BR/>', 'one\ntwo\nthree'],
    ['one<br><br><br><br>two', 'one\n\ntwo'],
    ['<p>one</p><p>two</p>', 'one\n\ntwo'],
    ['<div>one</div><div>two</div>', 'one\n\ntwo'],
    ['<b>bo<i>ld</i></b> and <a href="x">link</a>', 'bold and link'],
    ['a &amp; b &lt;i&gt; &#39;c&#x27; &mdash; &amp;amp;', "a & b <i> 'c' — &amp;"],
    ['2 < 3 and 3 > 2', '2 < 3 and 3 > 2'],
    ['  spread\n over   lines ', 'spread over lines'],
    ['a<!-- -->b<script>alert(1)</script>c', 'abc'],
    ['a<!-- never closed', 'a'],
    ['<br><br>', null],
    ['', null],
  ])('%s', (html, text) => {
    expect(paragraphsOfHtml(html)).toBe(text);
  });
});

describe('markup', () => {
  it('reads attributes however they are written', () => {
    const tag = ' data-testid="no" ID=\'yes\' title="set id=5 > 4" hidden data-n=7 empty=""';
    expect(attributeIn(tag, 'id')).toBe('yes');
    expect(attributeIn(tag, 'title')).toBe('set id=5 > 4');
    expect(attributeIn(tag, 'hidden')).toBe('');
    expect(attributeIn(tag, 'data-n')).toBe('7');
    expect(attributeIn(tag, 'empty')).toBe('');
    expect(attributeIn(tag, 'testid')).toBeNull();
    expect(attributeIn(' a="x &amp; y"', 'a')).toBe('x & y');
    expect(attributeIn(' =x y==z', 'y')).toBe('=z');
  });

  it('takes quotes only after an equals sign', () => {
    const root = parseMarkup('<h2 class=\'a\'%>one</h2><p title="a>b">two</p>');
    expect(root.children.length).toBe(2);
    expect(textOf(root)).toBe('onetwo');
  });

  it('knows whether an element is complete', () => {
    const root = parseMarkup('<h1>The Hou');
    const heading = find(root, (element) => element.name === 'h1');
    expect(heading === null ? null : textOf(heading)).toBeNull();
  });

  it('tolerates stray and misnested tags', () => {
    const root = parseMarkup('</div><p>a<b>b</p>c</b><img src=x>d');
    expect(textOf(root)).toBe('abcd');
    expect(
      attribute(
        find(root, (element) => element.name === 'img')!,
        'src',
      ),
    ).toBe('x');
  });
});

describe('dates', () => {
  it.each([
    ['November 15th 2012', '2012-11-15', 2012],
    ['January 28, 1813', '1813-01-28', 1813],
    ['May 1st 98', '0098-05-01', 98],
    ['January 1996', '1996-01', 1996],
    ['2020', '2020', 2020],
    ['-600', null, -600],
    ['October 3rd 20136', null, 20136],
    ['February 30th 2001', null, 2001],
    ['February 29th 2000', '2000-02-29', 2000],
  ])('%s', (text, iso, year) => {
    expect(parseEnglishDate(text)).toEqual({ iso, year });
  });

  it.each(['', 'soon', '5th 2012', 'Brumaire 3rd 1799', '12/05/2012'])('is no date: %s', (text) => {
    expect(parseEnglishDate(text)).toBeNull();
  });

  it('reads times at midnight Pacific as the day they mean', () => {
    expect(dateOfTime(740127600000)).toBe('1993-06-15');
    expect(dateOfTime(-255023999999)).toBe('1961-12-02');
    expect([null, undefined, '1', Number.NaN, 1e300, 571987728000000].map(dateOfTime)).toEqual(Array(6).fill(null));
  });

  it('keeps years before the common era', () => {
    expect(yearOfTime(-74000966400000)).toBe(-375);
    expect(yearOfTime(1057042800000)).toBe(2003);
    expect(yearOfTime(8e15)).toBeNull();
  });
});

describe('values that count only when they are valid', () => {
  it('counts', () => {
    expect(['1,521,481', '0', 7, ' 5 '].map(count)).toEqual([1521481, 0, 7, 5]);
    expect(['', '-1', '1.5', -1, 1.5, Number.NaN, 2 ** 60, null, 'many'].map(count)).toEqual(Array(9).fill(null));
    expect([0, '0', '128'].map(pageCount)).toEqual([null, null, 128]);
    expect(distribution([1, 2, 3, 4, 5])).toEqual([1, 2, 3, 4, 5]);
    expect([[1, 2, 3, 4], [1, 2, 3, 4, -5], 'x', [1, 2, 3, 4, 'five']].map(distribution)).toEqual(Array(4).fill(null));
  });

  it('ratings', () => {
    expect(['4.06', 5, '\n 3.5 \n'].map(rating)).toEqual([4.06, 5, 3.5]);
    expect(['0.00', 0, 5.1, -1, 'x', null, Number.NaN].map(rating)).toEqual(Array(7).fill(null));
  });

  it('ISBNs', () => {
    expect(['978-0-439-02348-1', '9791032305690'].map(isbn13)).toEqual(['9780439023481', '9791032305690']);
    expect(['97893806587', 'B007MCSATM', '2940012668929', '9780439023480', '', null].map(isbn13)).toEqual(Array(6).fill(null));
    expect(['155404295x', '0439023483'].map(isbn10)).toEqual(['155404295X', '0439023483']);
    expect(['B007MCSATM', '', '123', null].map(isbn10)).toEqual(Array(4).fill(null));
  });

  it('addresses', () => {
    expect(address('/series/1-x')).toBe('https://www.goodreads.com/series/1-x');
    expect(address('http://WWW.goodreads.com/b')).toBe('https://WWW.goodreads.com/b');
    expect(address('//goodreads.com/b')).toBe('https://goodreads.com/b');
    expect(address('http://a.example/b')).toBeNull();
    expect(['', 'x', './x_files/a.jpg', 'javascript:alert(1)', 'data:image/png;base64,x', 'https://a b'].map(address)).toEqual(
      Array(6).fill(null),
    );
    expect(cover('https://s.gr-assets.com/assets/nophoto/book/111x148.png')).toBeNull();
    expect(cover('https://dryofg8nmyqjw.cloudfront.net/images/goodreads_wide-e0.png')).toBeNull();
    expect(numberIn('https://www.goodreads.com/author/show/153394.X', '/author/show/')).toBe('153394');
    expect(numberIn('https://www.goodreads.com/series/0', '/series/')).toBeNull();
  });
});
