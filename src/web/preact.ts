/** Preact with htm. The build puts the standalone file of htm in the place of this module. */
export { html, render, useEffect, useLayoutEffect, useRef, useState } from 'htm/preact';
export type { VNode } from 'preact';
