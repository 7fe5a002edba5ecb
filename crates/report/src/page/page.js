// What the page does beyond being read: point at charts and zoom into them, sort and filter tables.
// It changes nothing that is needed to read the page, and uses text only, never markup.
'use strict';

const charts = JSON.parse(document.getElementById('data').textContent);

/** An element with a class and text. */
function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// ---- numbers in words -------------------------------------------------------------------------------------------

/** A number to about four digits, in groups of three. */
function figure(value) {
  const size = Math.abs(value);
  const places = size === 0 || size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : size >= 0.01 ? 4 : 6;
  return value.toLocaleString('en', { maximumFractionDigits: places });
}

/** A length of time in its two largest units. */
function span(seconds) {
  const units = [['d', 86400], ['h', 3600], ['m', 60], ['s', 1]];
  let rest = Math.max(0, Math.round(seconds));
  const words = [];
  for (const [name, length] of units) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) words.push(count + name);
  }
  return words.slice(0, 3).join(' ') || figure(seconds) + 's';
}

/** A value of an axis in words. */
function words(axis, value) {
  if (axis.kind === 'time') return span(value);
  if (axis.kind === 'nines') return figure(value * 100) + ' %';
  return figure(value) + ' ' + axis.label;
}

/** A value on a scale where it lies evenly, and back. */
function even(axis, value) {
  if (axis.kind === 'log') return Math.log10(Math.max(value, 1e-300));
  if (axis.kind === 'nines') return -Math.log10(Math.max(1 - value, 1e-9));
  return value;
}
function uneven(axis, value) {
  if (axis.kind === 'log') return 10 ** value;
  if (axis.kind === 'nines') return 1 - 10 ** -value;
  return value;
}

/** Multiples of 1, 2 or 5 times a power of ten between two values, about so many. */
function roundSteps(from, to, about) {
  const rough = (to - from) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const ratio = rough / power;
  const step = (ratio < 1.415 ? 1 : ratio < 3.163 ? 2 : ratio < 7.072 ? 5 : 10) * power;
  const steps = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++) steps.push(i * step);
  return { steps, places: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

// ---- charts -----------------------------------------------------------------------------------------------------

/** Makes a chart answer to pointer and keyboard. Places are shares of the bottom axis, 0 to 1. */
function enliven(chart) {
  const { x, y, layers } = charts[chart.dataset.chart];
  const canvas = chart.querySelector('.canvas');
  const drawings = [...canvas.querySelectorAll('svg.plot')].map(prepare);
  const [low, high] = x.range.map(value => even(x, value));
  const valueAt = place => uneven(x, low + place * (high - low));
  const placeOf = value => (even(x, value) - low) / (high - low);
  let view = [0, 1];
  let cursor = null;   // where the reader points, of the whole axis
  let drag = null;     // where a selection began

  const tip = element('div', 'tip');
  const spoken = element('p', 'unseen');
  const whole = element('button', 'whole', 'Whole range');
  whole.type = 'button';
  tip.hidden = whole.hidden = true;
  spoken.setAttribute('aria-live', 'polite');
  chart.append(whole, spoken);
  canvas.append(tip);
  canvas.tabIndex = 0;
  canvas.setAttribute('role', 'application');
  canvas.setAttribute('aria-roledescription', 'chart');
  canvas.title = 'Drag to zoom, double-click for the whole. Keys: ← → point, + − zoom, 0 the whole.';
  chart.classList.add('live');

  const shown = () => drawings.find(drawing => drawing.svg.getClientRects().length) || drawings[0];
  const inView = place => (place - view[0]) / (view[1] - view[0]);

  function zoom(from, to) {
    const width = Math.min(1, Math.max(to - from, 1e-4));
    const begin = Math.min(Math.max(0, from), 1 - width);
    view = [begin, begin + width];
    whole.hidden = width === 1;
    chart.classList.toggle('zoomed', width < 1);
    for (const drawing of drawings) redraw(drawing);
    if (cursor !== null) point(cursor);
  }

  function redraw({ svg, frame: [left, , width], data, ticks, original }) {
    const scale = 1 / (view[1] - view[0]);
    data.setAttribute('transform', `matrix(${scale} 0 0 1 ${left - scale * (left + view[0] * width)} 0)`);
    ticks.replaceChildren(...original.map(tick => tick.cloneNode(true)));
    if (view[1] - view[0] === 1) return;
    const sample = ticks.lastElementChild;
    if (sample && (x.kind === 'linear' || x.kind === 'time')) {
      const unit = x.unit || 1;
      const { steps, places } = roundSteps(valueAt(view[0]) / unit, valueAt(view[1]) / unit, width / 110);
      ticks.replaceChildren(...steps.map(at => {
        const tick = sample.cloneNode();
        tick.textContent = at.toLocaleString('en', { maximumFractionDigits: places });
        tick.setAttribute('x', left + inView(placeOf(at * unit)) * width);
        return tick;
      }));
      return;
    }
    for (const tick of [...ticks.children]) {
      const place = inView((tick.getAttribute('x') - left) / width);
      if (place < 0 || place > 1) tick.remove();
      else tick.setAttribute('x', left + place * width);
    }
  }

  /** What the layers say at a place; `level` is a value of the left axis, where the pointer tells one. */
  function lines(place, level) {
    const value = valueAt(place);
    const found = [];
    for (const layer of layers) {
      if (layer.points) {
        const at = nearest(layer.points[0], value, layer.steps);
        const of = layer.points[1][at];
        if (of !== undefined && of !== null) {
          found.push({ ink: layer.ink, text: (layer.name ? layer.name + ': ' : '') + figure(of), at: layer.points[0][at] });
        }
      }
      for (const [from, to, bottom, top, text] of layer.boxes || []) {
        const hit = level === undefined || y.kind === 'linear' && bottom === 0 || level >= bottom && level <= top;
        if (value >= from && value <= to && hit) found.push({ ink: layer.ink, text, at: value });
      }
    }
    return found.slice(0, 12);
  }

  function point(place, level) {
    cursor = Math.min(view[1], Math.max(view[0], place));
    const found = lines(cursor, level);
    const { svg, frame: [left, top, width, height], line } = shown();
    const px = left + inView(cursor) * width;
    for (const [name, value] of [['x1', px], ['x2', px], ['y1', top], ['y2', top + height]]) line.setAttribute(name, value);
    line.removeAttribute('visibility');
    const heading = words(x, found.length && found[0].at !== undefined ? found[0].at : valueAt(cursor));
    tip.replaceChildren(element('b', '', heading), ...found.map(({ ink, text }) => {
      const row = element('span', '', text);
      const swatch = element('i');
      swatch.style.background = `var(--${ink})`;
      row.append(swatch);
      return row;
    }));
    tip.hidden = false;
    const box = svg.getBoundingClientRect();
    const at = px * box.width / svg.viewBox.baseVal.width;
    const isRight = at > box.width / 2;
    tip.style.left = isRight ? 'auto' : `${at + 12}px`;
    tip.style.right = isRight ? `${box.width - at + 12}px` : 'auto';
  }

  function leave() {
    if (drag !== null) return;
    cursor = null;
    tip.hidden = true;
    for (const { line, range } of drawings) {
      line.setAttribute('visibility', 'hidden');
      range.setAttribute('width', 0);
    }
  }

  /** Where an event points: a place of the whole axis, and a value of the left axis. */
  function placeAt(event) {
    const { svg, frame: [left, top, width, height] } = shown();
    const box = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / box.width;
    const across = Math.min(1, Math.max(0, ((event.clientX - box.left) * scale - left) / width));
    const up = 1 - ((event.clientY - box.top) * scale - top) / height;
    return [view[0] + across * (view[1] - view[0]), y.range[0] + up * (y.range[1] - y.range[0])];
  }

  canvas.addEventListener('pointermove', event => {
    const [place, level] = placeAt(event);
    point(place, level);
    if (drag === null) return;
    const { frame: [left, top, width, height], range } = shown();
    const [from, to] = [inView(Math.min(drag, place)), inView(Math.max(drag, place))];
    for (const [name, value] of [['x', left + from * width], ['y', top], ['width', (to - from) * width], ['height', height]]) {
      range.setAttribute(name, value);
    }
  });
  canvas.addEventListener('pointerdown', event => {
    if (event.button !== 0) return;
    [drag] = placeAt(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointerup', event => {
    const [place] = placeAt(event);
    const began = drag;
    drag = null;
    for (const { range } of drawings) range.setAttribute('width', 0);
    if (began !== null && Math.abs(inView(place) - inView(began)) > 0.02) zoom(Math.min(began, place), Math.max(began, place));
  });
  canvas.addEventListener('pointercancel', () => { drag = null; leave(); });
  canvas.addEventListener('pointerleave', leave);
  canvas.addEventListener('blur', leave);
  canvas.addEventListener('dblclick', () => zoom(0, 1));
  whole.addEventListener('click', () => { zoom(0, 1); canvas.focus(); });

  canvas.addEventListener('keydown', event => {
    const width = view[1] - view[0];
    const at = cursor === null ? view[0] + width / 2 : cursor;
    const around = factor => zoom(at - (at - view[0]) * factor, at + (view[1] - at) * factor);
    const actions = {
      ArrowLeft: () => point(at - width / 50), ArrowRight: () => point(at + width / 50),
      Home: () => point(view[0]), End: () => point(view[1]),
      '+': () => around(0.5), '=': () => around(0.5), '-': () => around(2), '−': () => around(2),
      0: () => zoom(0, 1), Escape: () => { zoom(0, 1); leave(); },
    };
    const action = !event.ctrlKey && !event.metaKey && !event.altKey && actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
    spoken.textContent = tip.hidden ? '' : [...tip.children].map(child => child.textContent).join('. ');
  });
}

/** Takes a drawing apart and adds what points and selects. */
function prepare(svg) {
  const frame = svg.dataset.frame.split(' ').map(Number);
  const make = (name, className) => {
    const made = document.createElementNS('http://www.w3.org/2000/svg', name);
    made.setAttribute('class', className);
    svg.append(made);
    return made;
  };
  const ticks = svg.querySelector('.ticks');
  const original = [...ticks.children];
  const range = make('rect', 'range');
  range.setAttribute('width', 0);
  return { svg, frame, ticks, original, range, data: svg.querySelector('.data'), line: make('line', 'cursor') };
}

/** The position of the value nearest to one, or of the last not above it. The values are in order. */
function nearest(values, value, isStep) {
  let [from, to] = [0, values.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (values[middle] <= value) from = middle + 1; else to = middle;
  }
  if (from === 0) return 0;
  if (isStep || from === values.length) return from - 1;
  return value - values[from - 1] <= values[from] - value ? from - 1 : from;
}

// ---- tables -----------------------------------------------------------------------------------------------------

/** Tables with fewer rows need no filter. */
const ROWS_WORTH_FILTERING = 8;

function makeSortable(table) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = element('button', '', heading.textContent);
    button.type = 'button';
    heading.replaceChildren(button);
    button.addEventListener('click', () => {
      const isNumber = heading.classList.contains('right');
      const now = heading.getAttribute('aria-sort');
      const order = now ? (now === 'descending' ? 1 : -1) : isNumber ? -1 : 1;
      for (const other of heading.parentElement.cells) other.removeAttribute('aria-sort');
      heading.setAttribute('aria-sort', order === 1 ? 'ascending' : 'descending');
      const key = row => {
        const cell = row.cells[column];
        return isNumber ? (cell.dataset.value === undefined ? -Infinity : Number(cell.dataset.value)) : cell.textContent;
      };
      const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
      body.append(...[...body.rows].sort((a, b) => order * compare(key(a), key(b))));
    });
  });
}

function makeFilterable(table) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length < ROWS_WORTH_FILTERING) return;
  const bar = element('label', 'filter note', 'Filter ');
  const input = element('input');
  const count = element('span');
  input.type = 'search';
  count.setAttribute('aria-live', 'polite');
  bar.append(input, count);
  table.closest('.scroll').before(bar);
  input.addEventListener('input', () => {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !wanted.every(word => text.includes(word));
      if (!row.hidden) left += 1;
    }
    count.textContent = wanted.length ? `${left} of ${rows.length} rows` : '';
  });
}

document.querySelectorAll('figure.chart').forEach(enliven);
document.querySelectorAll('table.data').forEach(table => { makeSortable(table); makeFilterable(table); });

// What is folded away belongs on paper too.
addEventListener('beforeprint', () => document.querySelectorAll('details').forEach(folded => { folded.open = true; }));
