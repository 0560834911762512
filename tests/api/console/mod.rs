mod deactivate;
