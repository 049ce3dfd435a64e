/** The HTML of made-up pages that list books, one function for each family. See `goodreads-listings.ts`. */
import type { ListingScene } from './goodreads-listings.ts';

interface Made {
  html: string;
  title: string;
  works?: (string | null)[];
  positions?: string[];
}

const DECOYS = 1_990_000_000;
const HOST = 'https://www.goodreads.com';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll("'", '&#39;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const written = (n: number): string => n.toLocaleString('en-US');
const titleOf = (book: number): string => `Salt & "Iron" ${book % 100_000}`;
const pathOf = (book: number): string => `/book/show/${book}-salt-iron-${book % 100_000}`;
const decoy = (n: number, host = HOST): string => `<a href="${host}/book/show/${DECOYS + n}.A_Decoy" rel="nofollow noopener">A Decoy</a>`;

/** What surrounds every page of the old layout. `head` is raw HTML behind the title. */
function frame(title: string, path: string, body: string, head = ''): string {
  return `<!DOCTYPE html>
<html class="desktop withSiteHeaderTopFullImage
">
<head>
  <title>${escaped(title)}</title>
${head}
<link href='${HOST}${path}' rel='canonical'>
<script src="https://made-up.token.awswaf.com/made-up/challenge.js"></script>
</head>
<body>
<div class="siteHeader"><a href="/user/sign_in">Sign In</a></div>
<div class="mainContentFloat">
${body}
</div>
</body>
</html>
<!-- This is a random-length HTML comment: ${'padding'.repeat(12)} -->
`;
}

/** The page links of Rails. Past the end no page is the current one. */
function pager(path: string, { page, last, noEnd }: Pick<ListingScene, 'page' | 'last' | 'noEnd'>, more = ''): string {
  if (last < 2 && !noEnd) return '';
  const href = (n: number): string => `href="${path}?page=${n}${more}"`;
  const shown = [...new Set([1, 2, page - 1, page, page + 1, last - 1, last])].filter((n) => n >= 1 && n <= last).toSorted((a, b) => a - b);
  const links = shown.map((n, at) => {
    const gap = n - (shown[at - 1] ?? 0) > 1 ? '<span class="gap">&hellip;</span> ' : '';
    return n === page ? `${gap}<em class="current">${n}</em>` : `${gap}<a ${n === page + 1 ? 'rel="next" ' : ''}${href(n)}>${n}</a>`;
  });
  const back =
    page > 1
      ? `<a class="previous_page" rel="prev" ${href(Math.min(page - 1, last))}>&#8592; Previous</a>`
      : '<span class="previous_page disabled">&#8592; Previous</span>';
  const forward =
    page < last || (noEnd && page === last)
      ? `<a class="next_page" rel="next" ${href(page + 1)}>Next &#8594;</a>`
      : '<span class="next_page disabled">Next &#8594;</span>';
  return `${back} ${links.join(' ')} ${forward}`;
}

/** A table row of lists, authors and searches. `behind` follows the ratings. */
function tableRow(book: number, rank: number | null, behind = ''): string {
  return `
  <tr itemscope itemtype="http://schema.org/Book">${rank === null ? '' : `\n      <td valign="top" class="number">${rank}</td>`}
    <td width="5%" valign="top">
      <div id="${book}" class="u-anchorTarget"></div>
      <div class="js-tooltipTrigger tooltipTrigger" data-resource-id="${book}" data-resource-type="Book">
        <a title="${escaped(titleOf(book))}" href="${pathOf(book)}"><img alt="" class="bookCover" itemprop="image" src="" /></a>
      </div>
    </td>
    <td width="100%" valign="top">
      <a class="bookTitle" itemprop="url" href="${pathOf(book)}">
        <span itemprop='name' role='heading' aria-level='4'>${escaped(titleOf(book))} (Minerals, #${(book % 90) + 1})</span>
</a>      <br/>
      <span class='by'>by</span>
<span itemprop='author' itemscope='' itemtype='http://schema.org/Person'><div class='authorName__container'>
<a class="authorName" itemprop="url" href="${HOST}/author/show/${(book % 97) + 1}.Nemo_Nobody"><span itemprop="name">Nemo Nobody</span></a>
</div></span>
      <div><span class="greyText smallText uitext"><span class="minirating"> 4.${(book % 90) + 10} avg rating &mdash; ${written(book % 99_991)} ratings</span>${behind}</span></div>
<script>
//<![CDATA[
  var newTip = new Tip($('${book}'), "\\n <a class=\\"bookTitle\\" href=\\"${HOST}/book/show/${DECOYS + 1}\\">A Decoy<\\/a>");
//]]>
</script>
    </td>
  </tr>`;
}

/** A work of one edition has no link to its editions: every fifth. */
const workOf = (book: number): string | null => (book % 5 === 4 ? null : String(book % 1_000_000_000));
const editionsLink = (book: number): string =>
  workOf(book) === null
    ? ''
    : ` &mdash; <a class="greyText" rel="nofollow" href="/work/editions/${workOf(book) ?? ''}-salt">${(book % 40) + 2} editions</a>`;

export function madeList({ id, books, total, ...scene }: ListingScene): Made {
  const title = `The "Best" Minerals (of ${id})`;
  const path = `/list/show/${id}.The_Best_Minerals`;
  const comment = (n: number): string =>
    `<div class="comment u-anchorTarget" id="comment_${n}"><div class="mediumText reviewText">Read ${decoy(n)} instead!</div></div>`;
  const html = frame(
    `${title} (${total} books)`,
    path,
    `<div class="leftContainer">
<div class='pageHeader'><h2><a href="/list">Listopia</a> &gt; ${escaped(title)}</h2></div>
<div class="mediumText">Not about ${decoy(2)}; see <a href="${HOST}/list/show/7">another list</a>.</div>
<div id="score_explanation" style="display:none"><h1>Score</h1></div>
<div id="all_votes">
  <table class="tableList js-dataTooltip">${books.map(({ id: book, place }) => tableRow(book, place + 1)).join('')}
  </table>
  <div class="pagination">${pager(path, scene)}</div>
  <div class="stacked"><div>${written(total)} books &middot; 1,234 voters &middot; list created May 14th, 2008</div></div>
</div>
<div class="bigBox"><h2>Comments <span class="smallText">
Showing 1-50 of 4,738
</span></h2>${comment(3)}${comment(4)}
<div class="normalText">${pager(`/list/comments/${id}.The_Best_Minerals`, { page: 1, last: 95, noEnd: false })}</div></div>
</div>
<div class="rightContainer"><a class="bookTitle" href="/book/show/${DECOYS + 5}">A Decoy</a></div>`,
    `<meta content='${written(total - 1)} books based on 1234 votes: Salt' name='description'>`,
  );
  return { html, title };
}

function react(part: string, props: object): string {
  return `<div data-react-class="ReactComponents.${part}" data-react-props="${escaped(JSON.stringify(props))}"></div>`;
}

export function madeSeries({ id, page, total, books }: ListingScene): Made {
  const title = `Minerals ${id} Series`;
  const position = (place: number): string => (place === 0 ? 'Book 0.5' : place === total - 1 ? `Book 1-${place}` : `Book ${place}`);
  const list = (some: ListingScene['books']): string =>
    react('SeriesList', {
      series: some.map(({ id: book }) => ({
        isLibrarianView: false,
        book: {
          imageUrl: '',
          bookId: String(book),
          workId: String(book % 1_000_000_000),
          bookUrl: pathOf(book),
          title: `${titleOf(book)} (Minerals, #1)`,
          bookTitleBare: titleOf(book),
          author: { id: 1, name: 'Nemo Nobody', profileUrl: `${HOST}/author/show/1.Nemo_Nobody` },
          description: { html: `Before ${decoy(6)}.`, truncated: true },
        },
      })),
      seriesHeaders: some.map(({ place }) => position(place)),
    });
  const html = frame(
    `${title} by Nemo Nobody`,
    `/series/${id}-minerals`,
    `${react('SeriesHeader', { title, subtitle: `${total - 1} primary works • ${total} total works`, description: { html: `It began with ${decoy(7)}.` } })}
${books.length > 0 ? list(books.slice(0, 2)) : ''}
${react('ResponsivePageAdContainer', { googleBannerAd: { adId: 'made-up' } })}
${books.length > 2 ? list(books.slice(2)) : ''}
<div class='responsiveSeriesPageControlsWrapper'>${react('FullPagePaginationControls', { numWorks: total, currentPageNumber: page, perPage: 100 })}</div>
<div class='seriesTeaserBox'><a title="Others" href="/series/2-others">Others</a> ${decoy(8, '')}</div>`,
  );
  return {
    html,
    title,
    works: books.map(({ id: book }) => String(book % 1_000_000_000)),
    positions: books.map(({ place }) => position(place)),
  };
}

export function madeAuthor({ id, total, books, first }: ListingScene): Made {
  const title = `Nemo Nobody ${id}`;
  const own = `${id}.Nemo_Nobody`;
  const html = frame(
    `${title} (Author of ${titleOf(first)})`,
    `/author/show/${own}`,
    `<div class="leftContainer"><h1 class="authorName">
  <span itemprop="name">${title}</span>
</h1>
<div class="aboutAuthorInfo">Also wrote ${decoy(9)}.</div>
<div itemscope itemtype='https://schema.org/Collection'>
  <h2><a itemprop="url" href="/author/list/${own}">${title}’s books</a></h2>
  &middot; <a href="/author/list/${own}">${written(total)} distinct works</a>
  <table class="stacked tableList">${books.map(({ id: book }) => tableRow(book, null, editionsLink(book))).join('')}
  </table>
</div>
<div class="bigBox"><span itemprop='name'><a class="bookTitle" itemprop="url" href="/series/2-others">Others</a></span> ${decoy(10, '')}</div></div>`,
  );
  return { html, title, works: books.map(({ id: book }) => workOf(book)) };
}

export function madeAuthorList({ id, books, first, ...scene }: ListingScene): Made {
  const title = `Nemo Nobody ${id}`;
  const path = `/author/list/${id}.Nemo_Nobody`;
  const html = frame(
    `Books by ${title} (Author of ${titleOf(first)})`,
    path,
    `<div class="leftContainer"><h1>Books by ${title}</h1>
<table class="tableList">${books.map(({ id: book }) => tableRow(book, null, editionsLink(book))).join('')}
</table>
<div style="float: right">${pager(path, scene, '&amp;per_page=30')}</div></div>
<div class="rightContainer"><a class="bookTitle" href="/book/show/${DECOYS + 11}">A Decoy</a></div>`,
  );
  return { html, title, works: books.map(({ id: book }) => workOf(book)) };
}

export function madeEditions({ id, books, total, first, ...scene }: ListingScene): Made {
  const title = titleOf(first);
  const path = `/work/editions/${id}-salt`;
  const from = (scene.page - 1) * 10;
  const shown = scene.page > scene.last ? `0-${from}` : `${from + 1}-${Math.min(total, from + 10)}`;
  const edition = (book: number): string => `
<div class="elementList clearFix">
  <div class="leftAlignedImage"><a class="leftAlignedImag" href="${pathOf(book)}"><img alt="" width="50" src="" /></a></div>
  <div class="editionData">
    <div class="dataRow"><a class="bookTitle" href="${pathOf(book)}">${escaped(titleOf(book))}</a></div>
    <div class="dataRow">Paperback, ${200 + (book % 300)} pages</div>
    <div class="dataRow"><div class="dataTitle">Edition language:</div><div class="dataValue">English</div></div>
  </div>
</div>`;
  const html = frame(
    `Editions of ${title} by Nemo Nobody`,
    path,
    `<h1>
  <a href="${pathOf(first)}">${escaped(title)}</a>
  &gt; Editions
</h1>
<div class="leftContainer workEditions">
<div class="showingPages greyText"><span class="smallText">
Showing ${shown} of ${written(total)}
</span></div>
<div style="text-align: right">${pager(path, scene, '&amp;per_page=10')}</div>${books.map(({ id: book }) => edition(book)).join('')}
</div>
<div class="rightContainer"><div class="editionData"><a class="bookTitle" href="/book/show/${DECOYS + 12}">A Decoy</a></div></div>`,
  );
  return { html, title };
}

export function madeShelf({ id, books, total }: ListingScene): Made {
  const name = id.replaceAll('-', ' ');
  const title = `Popular ${name} Books`;
  const element = (book: number): string => `
<div class="elementList" style="padding-top: 10px;">
  <div class="left" style="width: 75%;">
    <a title="${escaped(titleOf(book))}" class="leftAlignedImage" href="${HOST}${pathOf(book)}"><img alt="" src="" /></a>
    <a class="bookTitle" href="${HOST}${pathOf(book)}">${escaped(titleOf(book))} (Paperback)</a>
    <br /><span class='by'>by</span> <a class="authorName" href="${HOST}/author/show/1.Nemo_Nobody"><span itemprop="name">Nemo Nobody</span></a>
    <span class="greyText smallText">avg rating 4.36 — 796,219 ratings — published 2018</span>
  </div>
</div>`;
  const html = frame(
    title,
    `/shelf/show/${encodeURIComponent(id)}`,
    `<div class="leftContainer"><div class="genreHeader"><h1>
  ${escaped(title)}
</h1></div>
<div class="mediumText"><span class="smallText">
Showing 1-50 of ${written(total)}
</span></div>${books.map(({ id: book }) => element(book)).join('')}
</div>
<div class="rightContainer">
<div class="elementList"><a class="videoTitle" href="/videos/1">A video</a> about ${decoy(13)}</div>
<div class="elementList"><a class="bookTitle" href="/book/show/${DECOYS + 14}">A Decoy</a></div>
</div>`,
  );
  return { html, title };
}

/** Three boxes; the last book of the first is also the first of the second. */
export function madeGenre({ id, books }: ListingScene): Made {
  const title = id.replaceAll('-', ' ').replace(/^./u, (letter) => letter.toUpperCase());
  const cover = (book: number): string => `
<div class="leftAlignedImage bookBox">
<div class="coverWrapper" id="bookCover1_${book}">
    <a href="${pathOf(book)}"><img alt="${escaped(titleOf(book))}" width="115" class="bookImage" src="" /></a>
</div>
<script>
//<![CDATA[
  var newTip = new Tip($('bookCover1_${book}'), "\\n <h2><a class=\\"bookTitle\\" href=\\"${HOST}/book/show/${DECOYS + 15}\\">A Decoy<\\/a><\\/h2>");
//]]>
</script></div>`;
  const box = (name: string, some: ListingScene['books']): string =>
    `<div class="coverBigBox clearFloats bigBox"><h2>${name}</h2><div class="coverRow">${some.map(({ id: book }) => cover(book)).join('')}</div></div>`;
  const html = frame(
    `${title} Books`,
    `/genres/${encodeURIComponent(id)}`,
    `<div class="leftContainer"><div class="genreHeader"><h1 class="left">
    ${escaped(title)}
</h1></div>
<div class="mediumText reviewText">A genre that ${decoy(16)} began.</div>
${box('New Releases', books.slice(0, 15))}
${box('Most Read This Week', books.slice(14, 29))}
${box('Shelf', books.slice(29))}
</div>`,
  );
  return { html, title };
}
