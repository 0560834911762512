SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#document",
  deepLinking: true,
  // Nobody else is asked about it.
  validatorUrl: null,
});
