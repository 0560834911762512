/** A bridge, drawn in the colours of the page. */
export function Bridge() {
  return (
    <svg
      class="bridge"
      viewBox="0 0 1200 220"
      preserveAspectRatio="xMidYMax slice"
      aria-hidden="true"
    >
      <g fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round">
        <path d="M0 160H430M770 160h430" />
        <path d="M430 160L575 92M770 160L625 92" stroke-width="3" />
        <path d="M430 160V40h-26V160M770 160V40h26V160M397 40h40M763 40h40" />
        <path d="M417 40L575 92M783 40L625 92" stroke-dasharray="3 6" />
        <path d="M0 120C130 150 280 110 404 48M1200 120C1070 150 920 110 796 48" />
        <path d="M60 134v26M120 139v21M180 137v23M240 127v33M300 108v52M360 78v82" />
        <path d="M1140 134v26M1080 139v21M1020 137v23M960 127v33M900 108v52M840 78v82" />
        <path
          d="M40 192c20-8 40-8 60 0s40 8 60 0M470 200c20-8 40-8 60 0s40 8 60 0 40-8 60 0 40 8 60 0M980 190c20-8 40-8 60 0s40 8 60 0"
          stroke-width="1.5"
        />
      </g>
    </svg>
  );
}
