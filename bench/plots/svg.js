/**
 * The shapes of the plots, as texts of SVG. A plot brings its own background, light or dark as the reader's system is set,
 * so that it is readable wherever it is shown.
 */

const STYLE = `
text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:#1f2328}
.title{font-size:17px;font-weight:600}.head{font-size:14px;font-weight:600}.small{font-size:11px;fill:#59636e}
.page{fill:#fff;stroke:#d1d9e0}.grid{stroke:#e4e8ec}.axis{stroke:#818b98}.spread{stroke:#1f2328;stroke-width:1.5}
.ours{fill:#0969da;stroke:#0969da}.limit{fill:#818b98;stroke:#818b98}.peer{fill:#e08a3c;stroke:#e08a3c}
.c0{fill:#0969da;stroke:#0969da}.c1{fill:#d4762b;stroke:#d4762b}.c2{fill:#1a9a76;stroke:#1a9a76}.c3{fill:#b0559a;stroke:#b0559a}
.c4{fill:#8a7a00;stroke:#8a7a00}
.curve{fill:none;stroke-width:1.75}.right{text-anchor:end}.middle{text-anchor:middle}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.small{fill:#9aa4af}.page{fill:#0d1117;stroke:#3d444d}.grid{stroke:#262c35}
.spread{stroke:#e6edf3}.ours,.c0{fill:#4493f8;stroke:#4493f8}.curve{fill:none}}`;

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** A whole picture, with a title for those who cannot see it. */
export function picture(width, height, title, shapes) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
${shapes.join('\n')}
</svg>
`;
}

export function text(x, y, content, className = '') {
  return `<text x="${at(x)}" y="${at(y)}"${classed(className)}>${escaped(content)}</text>`;
}

/** Written upwards. */
export function upright(x, y, content, className = '') {
  return `<text transform="translate(${at(x)} ${at(y)}) rotate(-90)"${classed(className)}>${escaped(content)}</text>`;
}

export function line(x1, y1, x2, y2, className) {
  return `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}"${classed(className)}/>`;
}

export function bar(x, y, width, height, className) {
  return `<rect x="${at(x)}" y="${at(y)}" width="${at(Math.max(0, width))}" height="${at(height)}"${classed(className)}/>`;
}

export function curve(points, className) {
  return `<polyline points="${points.map(([x, y]) => `${at(x)},${at(y)}`).join(' ')}"${classed(`curve ${className}`)}/>`;
}

/** A circle, square, triangle or diamond, so that curves are told apart without colours too. */
export function mark(x, y, kind, className) {
  if (kind === 0) return `<circle cx="${at(x)}" cy="${at(y)}" r="4"${classed(className)}/>`;
  const corners = [
    [
      [-3.5, -3.5],
      [3.5, -3.5],
      [3.5, 3.5],
      [-3.5, 3.5],
    ],
    [
      [0, -4.5],
      [4.5, 3.5],
      [-4.5, 3.5],
    ],
    [
      [0, -5],
      [5, 0],
      [0, 5],
      [-5, 0],
    ],
  ][(kind - 1) % 3];
  const points = corners.map(([dx, dy]) => `${at(x + dx)},${at(y + dy)}`).join(' ');
  return `<polygon points="${points}"${classed(className)}/>`;
}

function at(number) {
  return Number(number.toFixed(1));
}

function classed(className) {
  return className === '' ? '' : ` class="${className}"`;
}

function escaped(content) {
  return String(content).replace(/[&<>"]/g, (character) => ESCAPES[character]);
}
